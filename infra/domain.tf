# The names that callers use. The gateway's own address takes TLS 1.0, and what it takes can't be set; a custom domain refuses
# what is older than TLS 1.2 ("Choose a security policy for your custom domain in API Gateway"), and with it the default address
# is closed, so that nobody goes around it.

# The gateway reads the authorities in the deployer's name when the domain is made. They are public, so they are under S3's own
# key: it is written nowhere that the gateway reads what is under another.
module "truststore" {
  source = "./modules/bucket"
  count  = var.establishments_domain == null ? 0 : 1

  name       = "${local.name}-truststore-${local.account_id}"
  encryption = "AES256"

  noncurrent_version_retention_days = 365
}

resource "aws_s3_object" "certificate_authorities" {
  #checkov:skip=CKV_AWS_186:Certificates of authorities are public, and the gateway must read them
  count = var.establishments_domain == null ? 0 : 1

  bucket       = module.truststore[0].name
  key          = "certificate-authorities.pem"
  content      = var.establishments_domain.certificate_authorities
  content_type = "application/x-pem-file"

  # A version is what the domain names.
  depends_on = [module.truststore]
}

locals {
  domains = merge(
    { for domain in var.api_domain[*] : "api" => merge(domain, { api_id = aws_api_gateway_rest_api.this.id, stage = aws_api_gateway_stage.this.stage_name }) },
    { for domain in var.establishments_domain[*] : "establishments" => merge(domain, { api_id = aws_api_gateway_rest_api.this.id, stage = aws_api_gateway_stage.this.stage_name }) },
    { for stage in aws_api_gateway_stage.ines : "ines" => merge(var.ines_domain, { api_id = stage.rest_api_id, stage = stage.stage_name }) if var.ines_domain != null },
  )
}

resource "aws_api_gateway_domain_name" "this" {
  for_each = local.domains

  domain_name              = each.value.name
  regional_certificate_arn = each.value.certificate_arn
  security_policy          = "TLS_1_2"

  dynamic "mutual_tls_authentication" {
    for_each = each.key == "establishments" ? aws_s3_object.certificate_authorities : []

    content {
      truststore_uri     = "s3://${mutual_tls_authentication.value.bucket}/${mutual_tls_authentication.value.key}"
      truststore_version = mutual_tls_authentication.value.version_id
    }
  }

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_base_path_mapping" "this" {
  for_each = local.domains

  domain_name = aws_api_gateway_domain_name.this[each.key].domain_name
  api_id      = each.value.api_id
  stage_name  = each.value.stage
}

output "domain_targets" {
  description = "What the DNS records of the custom domains point to, by domain: an alias of Route 53 (`name` and `zone_id`) or a CNAME to `name`."
  value = {
    for domain in aws_api_gateway_domain_name.this :
    domain.domain_name => { name = domain.regional_domain_name, zone_id = domain.regional_zone_id }
  }
}
