variable "name" {
  description = "Name of the role."
  type        = string

  validation {
    condition     = length(var.name) <= 64
    error_message = "name has 64 characters at most, IAM's own limit."
  }
}

variable "uai" {
  description = "The establishment, which is also its folder of the inbox."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{7}[A-Z]$", var.uai))
    error_message = "uai is seven digits and a capital: anything else could name another's folder."
  }
}

variable "principal" {
  description = "ARN of who may take the role: a role, a user or an account of the establishment."
  type        = string
}

variable "external_id" {
  description = "What they must show to take it."
  type        = string
}

variable "inbox_arn" {
  description = "ARN of the inbox."
  type        = string
}

variable "key_arn" {
  description = "ARN of the key that the inbox is encrypted with."
  type        = string
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the role. Null: none."
  type        = string
  default     = null
}
