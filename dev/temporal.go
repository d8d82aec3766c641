package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"
	temporallog "go.temporal.io/sdk/log"

	"concur-connector/workflows"
)

// temporalServer is a running dev server with a client.
type temporalServer struct {
	child   *child
	address string
	ui      string // empty without the Web UI
	client  client.Client
}

// startTemporal runs Temporal's dev server in memory, with the connector's search
// attributes.
func startTemporal(ctx context.Context, path string, withUI bool) (*temporalServer, error) {
	port, err := freePort(7233)
	if err != nil {
		return nil, err
	}
	s := &temporalServer{address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	args := []string{"server", "start-dev", "--ip", "127.0.0.1", "--port", strconv.Itoa(port), "--log-level", "error",
		// The server must not look for a newer version: all connections stay on loopback.
		"--dynamic-config-value", "frontend.enableServerVersionCheck=false",
		"--disable-config-file", "--disable-config-env",
	}
	for _, name := range []string{workflows.ReportIDAttribute, workflows.WaitingForAttribute, workflows.OutcomeAttribute} {
		args = append(args, "--search-attribute", name+"=Keyword")
	}
	if withUI {
		ui, err := freePort(8233)
		if err != nil {
			return nil, err
		}
		s.ui = fmt.Sprintf("http://127.0.0.1:%d", ui)
		args = append(args, "--ui-port", strconv.Itoa(ui))
	} else {
		args = append(args, "--headless")
	}
	if s.child, err = start("temporal", path, args, nil, nil); err != nil {
		return nil, err
	}
	s.client, err = s.connect(ctx)
	if err != nil {
		s.child.kill()
		return nil, fmt.Errorf("start Temporal's dev server: %w:\n%s", err, s.child.log)
	}
	return s, nil
}

func (s *temporalServer) connect(ctx context.Context) (client.Client, error) {
	c, err := client.NewLazyClient(client.Options{
		HostPort: s.address, Logger: temporallog.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err = until(ctx, func() error {
		select {
		case <-s.child.done:
			return final{fmt.Errorf("it ended: %w", s.child.err)}
		default:
		}
		if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
			return err
		}
		return workflows.CheckSearchAttributes(ctx, c, client.DefaultNamespace)
	})
	return c, err
}

func (s *temporalServer) stop() {
	s.client.Close()
	s.child.stop()
}

// freePort returns the preferred port of loopback, or any other port if it is taken.
func freePort(preferred int) (int, error) {
	for _, port := range []int{preferred, 0} {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		defer l.Close()
		return l.Addr().(*net.TCPAddr).Port, nil
	}
	return 0, fmt.Errorf("no port of loopback is free")
}
