# The tasks of the sensor machine: a thermometer, a battery and a gateway that are played.
#
# With real ones, `measure` reads a DS18B20 and an ADC (tsme.tasks.onewire, tsme.tasks.adc), and
# `send` is a POST (tsme.tasks.http).
import tsme

tasks = tsme.Tasks()


@tasks.task("measure")
def measure(_):
    print("    [sensor] 21.5 degrees, 2950 mV")
    return {"value": 215, "mv": 2950}


@tasks.task("send")
def send(what):
    numbers = [number for number, _ in what["samples"]]
    print("    [gateway] samples", numbers)
    return numbers[-1]
