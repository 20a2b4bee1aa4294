# The example of each module, all in one plan, and what the modules' READMEs don't tell.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

module "bucket" {
  source = "../../modules/bucket/examples/basic"
}

module "depositor" {
  source = "../../modules/depositor/examples/basic"
}

module "function" {
  source = "../../modules/function/examples/basic"
}

module "hmac_secret" {
  source = "../../modules/hmac-secret/examples/basic"
}

module "queue" {
  source = "../../modules/queue/examples/basic"
}

module "table" {
  source = "../../modules/table/examples/basic"
}

locals {
  modules = "${path.module}/../../modules"
  names   = toset([for file in fileset(local.modules, "*/main.tf") : dirname(file)])
}

output "untold" {
  description = "Variables and outputs that no README names, and `example` where there is none, by module."
  value = {
    for name in local.names : name => concat(
      [
        for declared in flatten([
          for file in fileset("${local.modules}/${name}", "*.tf") :
          flatten(regexall("(?m)^(?:variable|output) \"([a-z_]+)\"", file("${local.modules}/${name}/${file}")))
        ]) : declared if !strcontains(file("${local.modules}/${name}/README.md"), "`${declared}`")
      ],
      fileexists("${local.modules}/${name}/examples/basic/main.tf") ? [] : ["example"],
    )
  }
}
