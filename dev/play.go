package main

import "context"

func play(ctx context.Context, o options) error { return nil }
