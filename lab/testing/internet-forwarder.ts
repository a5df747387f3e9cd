import { connect, createServer } from "node:net";

// Stands in another network namespace and dials from there, for who connects to a socket in the file
// system: the first line is `<own address> <address> <port>`, what follows is handed on.
const [, , path = ""] = process.argv;

createServer((inner) => {
  inner.on("error", () => inner.destroy());
  inner.once("data", (data) => {
    inner.pause();
    const end = data.indexOf("\n");
    const [localAddress = "", host = "", port] = data.subarray(0, end).toString().split(" ");
    const outer = connect({ host, port: Number(port), localAddress });
    outer.on("error", () => inner.destroy()).on("close", () => inner.destroy());
    inner.on("close", () => outer.destroy());
    outer.write(data.subarray(end + 1));
    inner.pipe(outer).pipe(inner);
  });
}).listen(path, () => process.stdout.write("ready\n"));
process.stdin.on("end", () => process.exit(0)).resume();
