# Loyalty points of a coffee shop.  A purchase earns points; a reward costs some, and is a voucher
# that the till prints.  The power may fail at any time: no points are lost or doubled, and no
# voucher is printed twice, or printed and not paid for.
#
# Signals, from tills; each till numbers its messages:
#     {"till": "bar", "number": 7, "do": "buy", "card": "ada", "cents": 450}
#     {"till": "bar", "number": 8, "do": "redeem", "card": "ada", "reward": "coffee"}
# Tasks; both end with whether the voucher was printed:
#     print_voucher   once: it costs the shop a coffee
#     settle_voucher  idempotent: was it printed?  If it was not, it never will be

REWARDS = {"coffee": 45, "cake": 60, "mug": 250}  # points
CENTS = 10  # for a point
PATIENCE = 30000  # ms that a till has to print
PAUSE = 60000  # ms until a till that does not answer is asked again


class Refused(ValueError):
    pass


class Loyalty:
    tasks = ("print_voucher", "settle_voucher")
    initial = {
        "cards": {},  # name -> points
        "tills": {},  # name -> number of its newest message
        "open": {},  # number of a voucher -> [card, points]: points that are set aside
        "later": {},  # id of a timer -> number of a voucher
        "vouchers": 0,  # so many numbers were given to vouchers
        "earned": 0,  # points, ever
        "spent": 0,
    }

    def stf(state, input, actions):
        if input.kind == "signal":
            take_message(state, input.value, actions)
        else:
            voucher_ends(state, input, actions)

    def restore(state, actions):
        # A till may have printed, or not; whoever had to print asks now.
        for i, _, payload in actions.pending:
            actions.task("settle_voucher", {"voucher": payload["voucher"]}, id=i)


def take_message(state, m, actions):
    till, number = m["till"], m["number"]
    if number <= state["tills"].get(till, 0):
        raise Refused("message %d of the till %s was here already" % (number, till))
    state["tills"][till] = number
    cards = state["cards"]
    card = m["card"]
    if m["do"] == "buy":
        points = m["cents"] // CENTS
        if points < 0:
            raise Refused("a purchase of %d cents" % m["cents"])
        state["earned"] += points
        cards[card] = cards.get(card, 0) + points
    elif m["do"] == "redeem":
        redeem(state, card, m["reward"], actions)
    else:
        raise Refused("a till cannot do %r" % m["do"])


def redeem(state, card, reward, actions):
    if reward not in REWARDS:
        raise Refused("there is no reward %r" % reward)
    price = REWARDS[reward]
    points = state["cards"].get(card, 0)
    if points < price:
        raise Refused("%s has %d points, a %s takes %d" % (card, points, reward, price))
    state["cards"][card] = points - price
    state["vouchers"] += 1
    voucher = state["vouchers"]
    state["open"][str(voucher)] = [card, price]
    what = {"voucher": voucher, "card": card, "reward": reward}
    actions.task("print_voucher", what, timeout=PATIENCE)


def voucher_ends(state, input, actions):
    if input.kind == "timer":
        settle(state["later"].pop(str(input.id)), actions)
        return
    voucher = input.payload["voucher"]
    if input.kind == "succeeded" or input.error == "NoPaper":
        card, points = state["open"].pop(str(voucher))
        if input.value:
            state["spent"] += points
            actions.log("voucher %d is printed" % voucher)
        else:
            state["cards"][card] += points
            actions.log("voucher %d is void, %s has the points again" % (voucher, card))
    elif input.task == "print_voucher":  # who knows?  The till does
        settle(voucher, actions)
    else:  # it does not answer
        state["later"][str(actions.timer(PAUSE))] = voucher


def settle(voucher, actions):
    actions.task("settle_voucher", {"voucher": voucher}, timeout=PATIENCE)


def check(state):
    # what must be so after each step
    for card, points in state["cards"].items():
        assert points >= 0, "%s has %d points" % (card, points)
    aside = sum([points for _, points in state["open"].values()])
    there = sum(state["cards"].values()) + aside + state["spent"]
    earned = state["earned"]
    assert there == earned, "%d points were earned, %d are there" % (earned, there)
    for voucher in state["later"].values():
        assert str(voucher) in state["open"], "voucher %d waits for nothing" % voucher
