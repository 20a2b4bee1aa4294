# What the gateway answers in a function's place, in the contracts' shape.
#
# One REST API serves both contracts and a gateway response knows no path, so each body has the members of both: `message`,
# `uid` and `details` of the upstream contract, `errors` of API Particulier v3. Each client reads its own and leaves the rest.
# The templates are plain substitution, not VTL: `uid` is the gateway's request id, which is in the access log, rather than
# the 13 digits that a function would give, and `endpoint` is empty.

locals {
  # `message` is a function's own sentence where it has one (shared/src/api/error.rs). The default types stand for several
  # statuses, so they have none of their own.
  api_gateway_errors = {
    DEFAULT_4XX       = { message = "la requête est refusée", code = "00400", title = "Requête refusée", detail = "La requête n'a pas pu être traitée" }
    DEFAULT_5XX       = { message = "erreur serveur interne", code = "00503", title = "Service indisponible", detail = "Service momentanément indisponible", retry_after = "5" }
    REQUEST_TOO_LARGE = { status = "413", message = "le corps de la requête est trop volumineux", code = "00413", title = "Requête trop volumineuse", detail = "Le corps de la requête est trop volumineux" }
    THROTTLED         = { status = "429", message = "trop de requêtes, réessayez plus tard", code = "00429", title = "Trop de requêtes", detail = "Le service reçoit trop de requêtes, réessayez après le délai de l'en-tête Retry-After", retry_after = "1" }
    WAF_FILTERED      = { status = "403", message = "requête refusée par le pare-feu", code = "00403", title = "Requête refusée", detail = "La requête est refusée par le pare-feu" }
  }

  api_error_bodies = {
    for type, error in local.api_gateway_errors : type => {
      message = error.message
      # A firewall's own body is static: it has nothing to put there.
      uid     = ""
      details = { method = "", endpoint = "", parameter = "" }
      errors  = [{ code = error.code, title = error.title, detail = error.detail, source = null, meta = {} }]
    }
  }

  api_error_templates = {
    for type, body in local.api_error_bodies : type => jsonencode(merge(body, {
      uid     = "$context.requestId"
      details = { method = "$context.httpMethod", endpoint = "", parameter = "" }
    }))
  }

  # INES has one contract, whose envelope is the upstream one.
  ines_error_templates = {
    for type, body in local.api_error_bodies : type => jsonencode({
      message = body.message
      uid     = "$context.requestId"
      details = { method = "$context.httpMethod", endpoint = "", parameter = "" }
    })
  }
}

resource "aws_api_gateway_gateway_response" "api" {
  for_each = local.api_gateway_errors

  rest_api_id   = aws_api_gateway_rest_api.this.id
  response_type = each.key
  status_code   = try(each.value.status, null)

  response_templates  = { "application/json" = local.api_error_templates[each.key] }
  response_parameters = { for seconds in try([each.value.retry_after], []) : "gatewayresponse.header.Retry-After" => "'${seconds}'" }
}

resource "aws_api_gateway_gateway_response" "ines" {
  for_each = local.ines_is_ours ? local.api_gateway_errors : {}

  rest_api_id   = aws_api_gateway_rest_api.ines[0].id
  response_type = each.key
  status_code   = try(each.value.status, null)

  response_templates  = { "application/json" = local.ines_error_templates[each.key] }
  response_parameters = { for seconds in try([each.value.retry_after], []) : "gatewayresponse.header.Retry-After" => "'${seconds}'" }
}
