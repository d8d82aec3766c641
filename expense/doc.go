// Package expense is the language of the connector: the nouns that every other
// room speaks, from the callout at the door to the action taken in Concur.
//
// It imports none of our other rooms, does no I/O and reads no clock. Types here
// travel through Temporal as JSON, so a JSON name is a contract: renaming one
// breaks the histories that are open somewhere.
package expense
