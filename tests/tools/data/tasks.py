import tsme

tasks = tsme.Tasks()


@tasks.task("read_soil", effect="pure")
def read_soil(payload):
    print("reading soil on day", payload["day"])
    return {"moisture": 12.5}


@tasks.task("open_valve", effect="once")
async def open_valve(payload):
    return f"opened for {payload['seconds']} s"
