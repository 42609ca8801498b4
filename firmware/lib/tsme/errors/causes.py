# Names and causes of the errors that the device makes, by number (docs/SPEC.md, 2.9).  A cause is
# part of the state, so it is the same text everywhere.
ERRORS = (
    ("States.Runtime", "a path names nothing"),
    ("States.ResultPathMatchFailure", "ResultPath cannot be written there"),
    ("States.IntrinsicFailure", "an intrinsic function cannot take its arguments"),
    ("States.NoChoiceMatched", "no rule fits and there is no Default"),
    ("States.Runtime", "a variable has no value"),
    ("States.Runtime", "seconds or a timestamp is none, or too far away"),
    ("States.DataLimitExceeded", "a value is larger or deeper than the limit"),
    ("States.Runtime", "the items of a Map are no array"),
    (
        "States.ExceedToleratedFailureThreshold",
        "The specified tolerated failure threshold was exceeded",
    ),
    ("States.Runtime", "a task cannot be started with these Parameters"),
    ("States.DataLimitExceeded", "a state makes values of more bytes than step_bytes"),
    ("States.DataLimitExceeded", "the items of a Map are more than its limit, items"),
    ("States.QueryEvaluationError", "as 2.16 says"),
)
