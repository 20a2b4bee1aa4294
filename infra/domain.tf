# The names that callers use. The gateway's own address takes TLS 1.0, and what it takes can't be set; a custom domain refuses
# what is older than TLS 1.2 ("Choose a security policy for your custom domain in API Gateway"), and with it the default address
# is closed, so that nobody goes around it.

locals {
  domains = merge(
    { for domain in var.api_domain[*] : "api" => merge(domain, { api_id = aws_api_gateway_rest_api.this.id, stage = aws_api_gateway_stage.this.stage_name }) },
    { for stage in aws_api_gateway_stage.ines : "ines" => merge(var.ines_domain, { api_id = stage.rest_api_id, stage = stage.stage_name }) if var.ines_domain != null },
  )
}

resource "aws_api_gateway_domain_name" "this" {
  for_each = local.domains

  domain_name              = each.value.name
  regional_certificate_arn = each.value.certificate_arn
  security_policy          = "TLS_1_2"

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
