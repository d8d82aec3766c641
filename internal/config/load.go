package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"

	"concur-connector/internal/textfile"
)

const (
	prefix     = "CONCUR_"
	fileSuffix = "_FILE"
	maxFile    = 64 << 10
)

// LoadIngress reads the configuration of the ingress. It also returns the ignored variables.
// The error lists all problems, one on each line, and contains no values.
func LoadIngress() (cfg Ingress, ignored []Ignored, err error) {
	var p problems
	p.refuseRenamed()
	p.read(reflect.ValueOf(&cfg).Elem())
	p.checkIngress(cfg)
	return cfg, AllIgnored(), p.err()
}

// LoadWorker reads the configuration of the worker, like LoadIngress.
func LoadWorker() (cfg Worker, ignored []Ignored, err error) {
	var p problems
	p.refuseRenamed()
	p.read(reflect.ValueOf(&cfg).Elem())
	p.checkWorker(cfg)
	return cfg, AllIgnored(), p.err()
}

// LoadConcurctl reads the variables that only concurctl has.
func LoadConcurctl() (cfg Concurctl, err error) {
	var p problems
	p.refuseRenamed()
	p.read(reflect.ValueOf(&cfg).Elem())
	return cfg, p.err()
}

// problems collects the first problem of each variable.
type problems struct {
	names []string
	lines []string
}

func (p *problems) add(name, format string, args ...any) {
	if slices.Contains(p.names, name) {
		return
	}
	p.names = append(p.names, name)
	p.lines = append(p.lines, name+" "+fmt.Sprintf(format, args...))
}

func (p *problems) err() error {
	if len(p.lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(p.lines, "\n"))
}

// read fills a struct field by field: envconfig would stop at the first problem.
func (p *problems) read(spec reflect.Value) {
	for i := range spec.NumField() {
		field := spec.Type().Field(i)
		if field.Anonymous {
			p.read(spec.Field(i))
			continue
		}
		if value, ok := p.readField(field); ok {
			spec.Field(i).Set(value)
		}
	}
}

// credentialNames are the variables whose text may begin or end with a space. People choose
// these texts, and Concur sends them unchanged. checkCredential checks them.
var credentialNames = []string{
	"CONCUR_CALLOUT_USER", "CONCUR_CALLOUT_PASSWORD", "CONCUR_CALLOUT_USER_2", "CONCUR_CALLOUT_PASSWORD_2",
}

func (p *problems) readField(field reflect.StructField) (value reflect.Value, ok bool) {
	name := field.Tag.Get("envconfig")
	text, err := lookup(name)
	switch {
	case err != nil:
		p.add(name, "%s", err)
		return value, false
	case text == "" && field.Tag.Get("required") == "true":
		p.add(name, "is required: %s", field.Tag.Get("desc"))
		return value, false
	}
	if field.Type.Kind() == reflect.Slice {
		text = trimItems(text)
	}
	if !slices.Contains(credentialNames, name) {
		p.checkText(name, text)
	}
	one := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: field.Name, Type: field.Type, Tag: field.Tag},
	}))
	restore := putEnv(name, text)
	defer restore()
	if err := envconfig.Process("", one.Interface()); err != nil {
		p.add(name, "must be %s", expected(field.Type)) // err would quote the value
		return value, false
	}
	return one.Elem().Field(0), true
}

// lookup returns the value of a variable, or of its file. The error completes a
// sentence that begins with the variable's name.
func lookup(name string) (string, error) {
	text, path := variable(name), variable(name+fileSuffix)
	switch {
	case path == "":
		return text, nil
	case text != "":
		return "", fmt.Errorf("and %s%s are both set: give one of them", name, fileSuffix)
	}
	content, err := readFile(path)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %s%s: %w", name, fileSuffix, err)
	}
	content = strings.TrimSuffix(strings.TrimSuffix(content, "\n"), "\r")
	if content == "" {
		return "", fmt.Errorf("cannot be read: %s%s: %s is empty", name, fileSuffix, path)
	}
	return content, nil
}

// variable returns an environment variable without a byte order mark, which people may copy
// from a file with the text.
func variable(name string) string { return strings.TrimPrefix(os.Getenv(name), "\uFEFF") }

// readFile reads a file of at most maxFile bytes, so that a wrong path cannot fill the memory.
func readFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return "", err
	case len(content) > maxFile:
		return "", fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	content, err = textfile.Trim(content)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", path, err)
	case strings.ContainsRune(string(content), 0):
		return "", fmt.Errorf("%s is not a text", path)
	}
	return string(content), nil
}

// putEnv sets a variable until restore is called, because envconfig reads only the environment.
// An empty text removes the variable, so that envconfig uses the default.
func putEnv(name, text string) (restore func()) {
	before, was := os.LookupEnv(name)
	if text == "" {
		_ = os.Unsetenv(name)
	} else {
		_ = os.Setenv(name, text)
	}
	return func() {
		if was {
			_ = os.Setenv(name, before)
		} else {
			_ = os.Unsetenv(name)
		}
	}
}

func trimItems(list string) string {
	items := strings.Split(list, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return strings.Join(items, ",")
}

func expected(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "a duration such as 30s or 5m"
	case reflect.TypeFor[[]time.Duration]():
		return "durations separated by commas, such as 10m,1h"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "a text"
}
