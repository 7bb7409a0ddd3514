process.stderr.write("cannot open the ledger: no such file\n");
process.exitCode = 3;
