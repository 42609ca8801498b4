"""Forty expressions of the kinds that workflows have, and what they are about."""

DATA = {
    "orders": [
        {
            "id": n,
            "customer": ("ada", "bob", "cy")[n % 3],
            "placed": f"2024-0{1 + n % 9}-1{n % 10}T08:30:00.000Z",
            "lines": [
                {"sku": f"s{k * 7 % 5}", "price": 1.25 * (k + n % 4), "quantity": 1 + k % 3}
                for k in range(1 + n % 4)
            ],
            "paid": n % 2 == 0,
        }
        for n in range(20)
    ],
    "sensors": [
        {"name": f"soil-{n}", "value": (n * 37 % 100) / 4, "tags": ["dry", "north"][: 1 + n % 2]}
        for n in range(30)
    ],
    "site": {"name": "Greenhouse 7", "owner": {"first": "Grace", "last": "Hopper"}, "limit": 12.5},
    "text": "The quick brown fox jumps over the lazy dog",
    "csv": "17,4,23,8,15,42,16,1,99,3",
    "numbers": [n * 7919 % 101 for n in range(50)],
    "time": 1700000000000,
}

EXPRESSIONS = """
site.owner.first
orders.lines.price
orders[3].lines[0].sku
sensors.tags
orders.lines[quantity > 1].price
sensors[value > $$.site.limit].name
orders[paid].id
orders[customer = 'ada' and paid].lines.sku
sensors[-1].name
**.sku
$count(orders.lines)
$sum(orders.lines.(price * quantity))
$average(sensors.value)
$max(numbers) - $min(numbers)
orders.{"id": id, "total": $sum(lines.(price * quantity))}
orders{customer: $sum(lines.price)}
orders.lines{sku: $count($)}
sensors{tags[0]: $max(value)}
$sort(numbers)
sensors^(>value).name
orders^(customer, >id).id
$sort(orders, function($l, $r) { $l.placed > $r.placed }).id
$map(numbers, function($n) { $n * $n + 1 })
$filter(numbers, function($n) { $n % 2 = 0 })
$reduce(numbers, function($a, $b) { $a + $b })
$map(sensors, function($s, $i) { $s.name & "#" & $i })
$each(site, function($v, $k) { $k & "=" & $string($v) })
[1..50].($ * 2)
$uppercase(text) & "!"
$split(text, " ")
$join(orders.(customer & ":" & id), ",")
$map($split(csv, ","), $number) ~> $sum
$substringBefore(text, "fox") & $pad(site.name, 20, "-")
$replace(text, /[aeiou]/, "*")
$match(text, /\\b(\\w)(\\w*)/).match
$contains(text, "lazy") ? $length(text) : 0
$formatNumber(orders[5].lines[0].price * 1000, "#,##0.00")
$fromMillis(time, "[Y0001]-[M01]-[D01] [H01]:[m01]")
orders.$toMillis(placed)
($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; [1..10].$f($))
""".strip().splitlines()
