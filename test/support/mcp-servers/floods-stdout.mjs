// Never reads stdin and writes without end; stops only when it is killed.
const page = "this is not JSON-RPC\n".repeat(200);
const write = () => {
  while (process.stdout.write(page));
  process.stdout.once("drain", write);
};
write();
setInterval(() => {}, 1_000);
