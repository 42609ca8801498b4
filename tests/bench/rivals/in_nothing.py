"""A server that does nothing: in_nothing.py PORT.  What clients do with it is all they can do.

It answers each request with the same bytes, which are right for any operation that clients of the
benchmark ask for.  Nothing of the project is imported here.
"""

import asyncio
import json
import sys

ARN = "arn:aws:states:us-east-1:000000000000:"
BODY = json.dumps(
    {
        "executionArn": f"{ARN}execution:short:nothing",
        "stateMachineArn": f"{ARN}stateMachine:short",
        "name": "nothing",
        "status": "SUCCEEDED",
        "startDate": 1700000000.123,
        "stopDate": 1700000000.123,
        "creationDate": 1700000000.123,
        "input": "{}",
        "output": '{"n":1}',
    }
).encode()
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n"
    b"x-amzn-requestid: 00000000-0000-4000-8000-000000000000\r\n\r\n" % len(BODY)
) + BODY


class Nothing(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport):
        self.transport = transport
        self.data = b""

    def data_received(self, data):
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, _, body = self.data.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            if len(body) < int(length or 0):
                return
            self.data = body[int(length or 0) :]
            self.transport.write(ANSWER)


async def main():
    server = await asyncio.get_running_loop().create_server(Nothing, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
