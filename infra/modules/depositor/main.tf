# A role that an establishment takes, from an AWS account of its own, to put files into its own folder of the inbox.

data "aws_region" "current" {}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Puts files into the folder ${var.uai} of the inbox"
  max_session_duration = 60 * 60
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.principal }
      Action    = "sts:AssumeRole"
      # What keeps whoever acts for several establishments from being talked into acting for another.
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}

# To put and no more: neither to list, nor to read back, nor to delete.
resource "aws_iam_role_policy" "this" {
  name = "deposit"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "PutFiles"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = ["${var.inbox_arn}/${var.uai}/*"]
      },
      {
        # S3 decrypts to put the parts of a large file together.
        Sid      = "EncryptFiles"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.key_arn]
        Condition = {
          StringEquals = { "kms:ViaService" = "s3.${data.aws_region.current.name}.amazonaws.com" }
        }
      },
    ]
  })
}
