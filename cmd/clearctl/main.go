// Clearctl is the tool of hospitals, settlement officers and operators: it talks to a
// running clearingd over NATS, and looks at books, plans and samples without one.
//
// Every subcommand has a file of its own. What they share: app.go (flags, language,
// connection), exit.go (exit codes), table.go (tables), progress.go.
package main

import "os"

func main() { os.Exit(run()) }
