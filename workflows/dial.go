package workflows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	temporalenv "go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	temporallog "go.temporal.io/sdk/log"
)

// ClientOptions reads Temporal's own TEMPORAL_* variables. It reads a file only when
// TEMPORAL_CONFIG_FILE names one: a program must not depend on a file in somebody's home directory.
// An unknown key in that file is an error. The address and the namespace are never empty.
func ClientOptions(logger *slog.Logger) (client.Options, error) {
	file, _ := environment{}.LookupEnv("TEMPORAL_CONFIG_FILE")
	options, err := temporalenv.LoadClientOptions(temporalenv.LoadClientOptionsRequest{
		DisableFile: file == "", ConfigFilePath: file, ConfigFileStrict: true, EnvLookup: environment{},
	})
	if err != nil {
		return client.Options{}, fmt.Errorf("read Temporal's TEMPORAL_ variables: %w", err)
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	if options.HostPort == "" {
		options.HostPort = client.DefaultHostPort
	}
	options.Logger = temporallog.NewStructuredLogger(logger)
	return options, nil
}

// environment is the environment of the process. It drops a byte order mark at the beginning of a
// value.
type environment struct{}

// Environ returns all variables.
func (environment) Environ() []string {
	all := temporalenv.EnvLookupOS.Environ()
	for i, one := range all {
		name, value, _ := strings.Cut(one, "=")
		all[i] = name + "=" + strings.TrimPrefix(value, "\uFEFF")
	}
	return all
}

// LookupEnv returns one variable.
func (environment) LookupEnv(name string) (string, bool) {
	value, ok := temporalenv.EnvLookupOS.LookupEnv(name)
	return strings.TrimPrefix(value, "\uFEFF"), ok
}

// DataConverter encodes and decodes the payloads of a client with these options. Use it to decode a
// history.
func DataConverter(options client.Options) converter.DataConverter {
	if options.DataConverter != nil {
		return options.DataConverter
	}
	return converter.GetDefaultDataConverter()
}

// ErrMissingAttributes means that a search attribute is missing or has another type. A program does
// not start until an operator has fixed that.
var ErrMissingAttributes = errors.New("search attributes")

// ErrNotChecked means that the search attributes could not be listed: the program lacks the right, or
// the service does not offer it, like Temporal Cloud.
var ErrNotChecked = errors.New("the search attributes could not be checked")

// CheckSearchAttributes returns nil when every search attribute that a run sets is registered with
// its type. Without that, every run fails. The error is ErrMissingAttributes, with the command that
// creates them, or ErrNotChecked, or any other error of Temporal.
func CheckSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	registered, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	var denied *serviceerror.PermissionDenied
	var missing *serviceerror.Unimplemented
	switch {
	case errors.As(err, &denied), errors.As(err, &missing):
		return fmt.Errorf("%w: %w", ErrNotChecked, err)
	case err != nil:
		return fmt.Errorf("list the search attributes: %w", err)
	}
	var wanted, wrong []string
	for _, name := range []string{ReportIDAttribute, WaitingForAttribute, OutcomeAttribute} {
		known, ok := registered.GetCustomAttributes()[name]
		switch {
		case !ok:
			wanted = append(wanted, name)
		case known != enumspb.INDEXED_VALUE_TYPE_KEYWORD:
			wrong = append(wrong, fmt.Sprintf("%s is a %s", name, known))
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return fmt.Errorf("%w of a wrong type in namespace %s: %s; each must be a Keyword: remove it with\n  temporal operator search-attribute remove --namespace %s --name NAME\nand create it again", ErrMissingAttributes, namespace, strings.Join(wrong, ", "), namespace)
	}
	if len(wanted) > 0 {
		command := "temporal operator search-attribute create --namespace " + namespace
		for _, name := range wanted {
			command += " --name " + name + " --type Keyword"
		}
		return fmt.Errorf("%w are missing in namespace %s; create them with\n  %s", ErrMissingAttributes, namespace, command)
	}
	return nil
}
