"""Where the emulator, enforcing IAM, would refuse what AWS allows.

With `AUTH=true` a function's calls are made as a session of its role, and each is compared with the role's policy, the
permissions boundary and the resource's own policy. Two things of AWS's are missing there, and are put in their place here;
no right is given.
"""

from ministack import app
from ministack.core import iam_actions

# Sending or deleting several messages is no action of its own in AWS's list: the right to one of them is asked for.
SEVERAL = {
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sns:PublishBatch": "sns:Publish",
}


def as_on_aws() -> None:
    """To be called before the emulator starts."""
    extract = iam_actions.extract_iam_action

    def one_of_several(*request: object) -> str | None:
        action = extract(*request)
        return SEVERAL.get(action, action)

    iam_actions.extract_iam_action = one_of_several

    # Queues and buckets refuse whoever comes without TLS (`aws:SecureTransport`). Clients on this machine have none, and are
    # taken for what a proxy that ends TLS would pass on.
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, True)
