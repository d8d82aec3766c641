package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// final is an error that waiting longer does not mend.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// until calls f until it returns nil or a final error, or ctx ends; the error then
// is f's last.
func until(ctx context.Context, f func() error) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		var last final
		if err == nil || errors.As(err, &last) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain: %w", err)
		case <-tick.C:
		}
	}
}
