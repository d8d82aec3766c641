package program

// Command runs a program as Main does, without the process around it.
var Command = Program.command
