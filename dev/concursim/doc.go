// Command concursim plays a hostile SAP Concur for tests and for trying things
// out: OAuth tokens, expense reports in the version 1.1 form, exceptions,
// workflow actions, callouts and the list of failed notifications, with typed
// faults, a journal of every request and invariants computed from it.
//
// It shares no code with the connector, so that it can disagree with it.
// Everything it makes up follows from -seed. docs/simulator.md lists the
// control calls, the faults, the invariants and what it chose where the real
// service is undocumented.
package main
