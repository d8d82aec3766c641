// Package telemetry is the one place where logs are set up.
package telemetry
