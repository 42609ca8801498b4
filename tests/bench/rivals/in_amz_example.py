"""The definition of state-machine-amz-py's README, for both sides."""

DEFINITION = """
{
    "StartAt": "ProcessOrder",
    "States": {
        "ProcessOrder": {
            "Type": "Task",
            "Resource": "process-order",
            "Next": "SendNotification"
        },
        "SendNotification": {
            "Type": "Task",
            "Resource": "send-email",
            "End": true
        }
    }
}
"""
