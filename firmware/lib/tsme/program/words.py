# Texts that programs of many workflows hold, by number (docs/SPEC.md, 2.14); read when a program
# is loaded, and then forgotten.  A number once given keeps its text for ever.

WORDS = (
    "arn:aws:states:::| |aws-sdk:|.waitForTaskToken|.sync|.sync:2|lambda:invoke|dynamodb:|getItem|"
    "putItem|updateItem|deleteItem|sns:publish|sqs:sendMessage|events:putEvents|"
    "states:startExecution|ecs:runTask|batch:submitJob|glue:startJobRun|s3:getObject|s3:putObject|"
    "s3:listObjectsV2|http:invoke|apigateway:invoke|bedrock:invokeModel|arn:aws:lambda:|:function:|"
    "States.ALL|States.TaskFailed|States.Timeout|States.DataLimitExceeded|Lambda.ServiceException|"
    "Lambda.AWSLambdaException|Lambda.SdkClientException|Lambda.TooManyRequestsException|"
    "Lambda.ClientExecutionTimeoutException|Lambda.Unknown|FunctionName|Payload|TableName|Key|Item|"
    "UpdateExpression|ConditionExpression|ExpressionAttributeNames|ExpressionAttributeValues|"
    "TopicArn|Message|Subject|QueueUrl|MessageBody|Entries|Detail|DetailType|EventBusName|Source|"
    "StateMachineArn|Input|Bucket|Body|TaskToken|Name|Value|Type|"
)


def named(n, consts):
    # what a byte names: a constant of the program, or a word; None if it names nothing
    if n < 192:
        return consts[n] if n < len(consts) else None
    at = 0
    for _ in range(n - 192):
        at = WORDS.index("|", at) + 1
    return WORDS[at : WORDS.index("|", at)]
