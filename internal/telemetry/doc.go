// Package telemetry sets up logging.
package telemetry
