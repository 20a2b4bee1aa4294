# A Terraform override file: the local platform copies it next to a copy of the root module, where it replaces these
# arguments of versions.tf and nothing else. Endpoints come from AWS_ENDPOINT_URL, so no port is written here.

terraform {
  backend "local" {}
}

provider "aws" {
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
