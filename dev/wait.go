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
// is f's last. The pauses between the calls grow, so that a long wait costs little.
func until(ctx context.Context, f func() error) error {
	for pause := 20 * time.Millisecond; ; pause = min(pause*3/2, 100*time.Millisecond) {
		err := f()
		var last final
		if err == nil || errors.As(err, &last) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain: %w", err)
		case <-time.After(pause):
		}
	}
}
