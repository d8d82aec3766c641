package concurconnector_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// allowedImports lists every package of the project and the project's packages that its code
// may import. docs/architecture.md shows the same table. Add a package together with its
// first code, and an import together with its first use. Before you add an import, consider
// whether the code belongs into another package.
var allowedImports = map[string][]string{
	"expense":                       {},
	"concur/wire":                   {"expense", "concur/wire/lenient"},
	"concur":                        {"expense", "concur/wire", "internal/textfile"},
	"policy/value":                  {"expense"},
	"policy/rulesfile":              {"expense", "internal/spelling"},
	"policy/hint":                   {"policy/value", "internal/spelling"},
	"policy":                        {"expense", "policy/hint", "policy/rulesfile", "policy/value", "internal/spelling", "internal/textfile"},
	"cmd/concurctl/rules/rulestest": {"expense", "policy", "policy/rulesfile", "internal/spelling", "internal/textfile"},
	"cmd/concurctl/rules/whatif":    {"expense", "policy", "workflows"},
	"ingress":                       {"expense", "concur/wire"},
	"approvals":                     {"expense", "approvals/approvers", "approvals/identity", "approvals/page", "workflows"},
	"approvals/page":                {"expense"},
	"approvals/identity":            {"approvals/approvers", "expense"},
	"approvals/approvers":           {"expense", "internal/spelling", "internal/textfile"},
	"workflows":                     {"expense"},
	"facts":                         {"expense", "internal/webhook"},
	"activities":                    {"expense", "concur", "facts", "internal/notify", "internal/record", "policy"},
	"internal/telemetry":            {},
	"internal/spelling":             {},
	"internal/textfile":             {},
	"internal/webhook":              {"expense"},
	"internal/notify":               {"expense", "internal/spelling", "internal/textfile", "internal/webhook", "policy/rulesfile"},
	"internal/record":               {"expense", "internal/webhook"},
	"internal/config":               {"internal/spelling", "internal/textfile"},
	"internal/httpserver":           {"internal/textfile"},
	"cmd/ingress":                   {"approvals", "approvals/approvers", "approvals/identity", "ingress", "internal/config", "internal/httpserver", "internal/program", "workflows"},
	"cmd/worker":                    {"activities", "approvals/approvers", "concur", "expense", "facts", "internal/clients", "internal/config", "internal/httpserver", "internal/notify", "internal/program", "policy", "workflows"},
	"cmd/concurctl":                 {"cmd/concurctl/approvals", "cmd/concurctl/approver", "cmd/concurctl/cli", "cmd/concurctl/decode", "cmd/concurctl/doctor", "cmd/concurctl/rules", "cmd/concurctl/runs", "cmd/concurctl/setup", "cmd/concurctl/token"},
	"cmd/concurctl/approvals":       {"cmd/concurctl/cli", "expense", "internal/config", "internal/record", "internal/webhook"},
	"cmd/concurctl/approver":        {"approvals/approvers", "cmd/concurctl/cli", "internal/config"},
	"cmd/concurctl/cli":             {"concur", "internal/clients", "internal/config", "internal/program", "internal/telemetry", "workflows"},
	"cmd/concurctl/clitest":         {"cmd/concurctl/cli", "expense", "ingress", "workflows"},
	"cmd/concurctl/decode":          {"cmd/concurctl/cli", "concur/wire", "expense"},
	"cmd/concurctl/doctor":          {"approvals/approvers", "cmd/concurctl/cli", "concur", "expense", "internal/clients", "internal/config", "internal/httpserver", "policy", "workflows"},
	"cmd/concurctl/rules":           {"cmd/concurctl/cli", "cmd/concurctl/decode", "cmd/concurctl/rules/rulestest", "cmd/concurctl/rules/whatif", "concur", "expense", "internal/config", "internal/textfile", "policy", "policy/rulesfile", "workflows"},
	"cmd/concurctl/runs":            {"cmd/concurctl/cli", "cmd/concurctl/decode", "concur", "expense", "internal/config", "workflows"},
	"cmd/concurctl/setup":           {"cmd/concurctl/cli", "expense", "internal/config", "workflows"},
	"cmd/concurctl/token":           {"cmd/concurctl/cli", "concur", "internal/config", "internal/textfile"},
	"internal/clients":              {"approvals/approvers", "concur", "facts", "internal/config", "internal/notify", "internal/record"},
	"internal/program":              {"internal/config", "internal/telemetry", "workflows"},
	"dev":                           {"dev/factservice", "expense", "workflows"},
	"dev/factservice":               {},
	"dev/concursim":                 {"dev/concursim/journal"},
	"dev/concursim/journal":         {},

	"concur/wire/lenient": {},
}

// allowedImporters lists, for each package from outside the project that not every package
// may use, the packages that may import it. A path stands for everything below it.
var allowedImporters = map[string][]string{
	"go.temporal.io":                       {"workflows", "activities", "cmd/concurctl/rules/whatif", "cmd/ingress", "cmd/worker", "dev", "cmd/concurctl/approvals", "cmd/concurctl/cli", "cmd/concurctl/clitest", "cmd/concurctl/doctor", "cmd/concurctl/rules", "cmd/concurctl/runs", "cmd/concurctl/setup", "internal/program"},
	"cel.dev/cel-go":                       {"policy", "policy/hint", "policy/value"},
	"golang.org/x/net":                     {"internal/httpserver"},
	"golang.org/x/oauth2":                  {"approvals/identity", "concur"},
	"github.com/bojanz/currency":           {"approvals/page", "expense", "internal/notify"},
	"golang.org/x/text":                    {"approvals/approvers", "approvals/page", "concur/wire/lenient", "dev/concursim", "expense"},
	"golang.org/x/time":                    {"approvals", "concur"},
	"golang.org/x/sync":                    {"concur", "cmd/concurctl/rules/whatif", "cmd/ingress", "cmd/worker", "cmd/concurctl/approvals", "cmd/concurctl/runs"},
	"github.com/gorilla/mux":               {"ingress", "approvals", "internal/httpserver", "dev/concursim"},
	"github.com/kelseyhightower":           {"internal/config"},
	"github.com/google/uuid":               {"concur", "approvals", "approvals/page"},
	"github.com/tidwall":                   {"dev/concursim"},
	"github.com/shopspring/decimal":        {"approvals/page", "expense", "policy/value", "dev/concursim"},
	"go.yaml.in/yaml":                      {"approvals/approvers", "policy", "policy/rulesfile", "internal/notify", "cmd/concurctl/rules/rulestest", "dev", "dev/concursim"},
	"github.com/coreos/go-oidc":            {"approvals/identity"},
	"github.com/gofrs/flock":               {"approvals/approvers", "concur", "internal/record"},
	"github.com/spf13/cobra":               {"cmd/concurctl", "cmd/concurctl/approvals", "cmd/concurctl/approver", "cmd/concurctl/cli", "cmd/concurctl/clitest", "cmd/concurctl/decode", "cmd/concurctl/doctor", "cmd/concurctl/rules", "cmd/concurctl/runs", "cmd/concurctl/setup", "cmd/concurctl/token"},
	"github.com/rogpeppe/go-internal":      {"dev"},
	"net/http":                             {"concur", "facts", "ingress", "approvals", "approvals/identity", "approvals/page", "internal/httpserver", "internal/notify", "internal/record", "internal/webhook", "cmd/ingress", "dev", "dev/factservice", "dev/concursim", "cmd/concurctl/approvals", "cmd/concurctl/cli", "cmd/concurctl/clitest", "cmd/concurctl/doctor", "cmd/concurctl/setup"},
	"github.com/wneessen/go-mail":          {"internal/notify"},
	"github.com/emersion":                  {},                        // tests only
	"github.com/stretchr/testify":          {"cmd/concurctl/clitest"}, // tests only
	"github.com/santhosh-tekuri":           {},                        // tests only
	"github.com/pb33f":                     {},                        // tests only
	"testing":                              {"cmd/concurctl/clitest"},
	"go.temporal.io/sdk/contrib/envconfig": {"workflows"},
	"google.golang.org/grpc":               {"cmd/concurctl/clitest"},
	"google.golang.org/protobuf":           {"dev", "cmd/concurctl/clitest"}, // what Temporal's own requests are made of
}

// restrictedNames lists names that only some packages may use. Only concur sends requests to
// Concur, so that its rules about hosts and tokens apply to each of them. Only facts sends
// requests to the fact services, and it has no token. concurctl calls the project's own
// endpoints, without a token of Concur. dev simulates the people and systems outside.
var restrictedNames = map[string][]string{
	"os.Getenv":                      {"internal/config"},
	"os.LookupEnv":                   {"internal/config"},
	"os.Environ":                     {"internal/config", "dev"}, // dev passes its own to the programs that it starts
	"os.ExpandEnv":                   {},
	"net/http.Client":                {"approvals/identity", "concur", "facts", "internal/notify", "internal/record", "internal/webhook", "cmd/concurctl/approvals", "dev/concursim"},
	"net/http.Transport":             {"approvals/identity", "concur", "internal/webhook", "cmd/concurctl/cli", "dev/concursim"},
	"net/http.NewRequestWithContext": {"concur", "facts", "internal/notify", "internal/record", "cmd/concurctl/approvals", "cmd/concurctl/cli", "dev", "dev/concursim"},
	"net/http.DefaultClient":         {"dev"},
	"net/http.DefaultTransport":      {},
	"net/http.NewRequest":            {},
	"net/http.Get":                   {},
	"net/http.Head":                  {},
	"net/http.Post":                  {},
	"net/http.PostForm":              {},
	"net.Dial":                       {},
	"net.DialTimeout":                {},
	"net.Dialer":                     {"internal/notify"},
	"crypto/tls.Dial":                {},
	"crypto/tls.DialWithDialer":      {},
	"crypto/tls.Dialer":              {"cmd/concurctl/cli"},
}

// vagueNames are names that do not say what a package contains.
var vagueNames = []string{"util", "utils", "common", "type", "types", "model", "models", "helper", "helpers", "mock", "mocks", "misc", "shared"}

// checkImports reports where the imports of the project differ from the allowed imports.
func checkImports(t tree, allowed map[string][]string) (problems []string) {
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, pkg := range t.packages() {
		targets, listed := allowed[pkg]
		if !listed {
			report("%s is not in allowedImports: move its code into an existing package, or add a row to imports_test.go and docs/architecture.md", pkg)
			continue
		}
		for _, imported := range t.imports(pkg) {
			if !slices.Contains(targets, imported) {
				report("%s imports %s, which allowedImports does not allow: move the code, or let the importer declare the interface that it needs", pkg, imported)
			}
		}
		for _, imported := range targets {
			if !slices.Contains(t.imports(pkg), imported) {
				report("%s no longer imports %s: remove the import from allowedImports", pkg, imported)
			}
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(allowed)) {
		if !slices.Contains(t.packages(), pkg) {
			report("%s is in allowedImports and has no code: remove its row", pkg)
		}
	}
	return problems
}

// checkImporters reports which packages from outside the project are imported where they are
// not allowed.
func checkImporters(t tree) (problems []string) {
	for _, pkg := range t.packages() {
		for _, s := range t.code(pkg) {
			for _, imported := range s.imports {
				entry := allowedEntry(imported)
				switch {
				case strings.HasPrefix(imported, module):
				case entry == "" && strings.Contains(strings.Split(imported, "/")[0], "."):
					problems = append(problems, fmt.Sprintf("%s imports %s, which no package may import: write a page of code instead, or add it to allowedImporters in imports_test.go", s.path, imported))
				case entry != "" && !slices.Contains(allowedImporters[entry], pkg):
					problems = append(problems, fmt.Sprintf("%s imports %s, which only %v may import: use one of these packages through an interface", s.path, imported, allowedImporters[entry]))
				}
			}
		}
	}
	return problems
}

// allowedEntry returns the longest key of allowedImporters that the import is equal to or
// below, or nothing.
func allowedEntry(imported string) string {
	for at := imported; at != "."; at = path.Dir(at) {
		if _, ok := allowedImporters[at]; ok {
			return at
		}
	}
	return ""
}

// checkCode reports vague package names, build conditions, init functions and restricted
// names.
func checkCode(t tree) (problems []string) {
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, pkg := range slices.Sorted(maps.Keys(t)) {
		if slices.Contains(vagueNames, path.Base(pkg)) {
			report("%s is a vague name: name the package after the one thing that it contains", pkg)
		}
		for _, s := range t[pkg] {
			if s.conditional {
				report("%s is built only under a condition: remove the condition, so that the file is built and tested everywhere", s.path)
			}
			if s.test {
				continue
			}
			if s.inits {
				report("%s has an init function: let main call it", s.path)
			}
			for _, use := range s.uses {
				if allowed, ok := restrictedNames[use]; ok && !slices.Contains(allowed, pkg) {
					report("%s uses %s, which only %v may use: take what you need as an argument", s.path, use, allowed)
				}
			}
		}
	}
	return problems
}

// checkLinked reports which of the forbidden packages a program is linked with.
func checkLinked(t tree, program string, forbidden ...string) (problems []string) {
	own, others := t.linked(program)
	for _, linked := range slices.Concat(own, others) {
		for _, bad := range forbidden {
			if linked == bad || strings.HasPrefix(linked, bad+"/") && !slices.Contains(own, linked) {
				problems = append(problems, fmt.Sprintf("%s links %s: a program that serves the internet must contain neither rules nor tokens; find the import that leads there", program, linked))
			}
		}
	}
	return problems
}

// forbiddenInIngress does not contain golang.org/x/oauth2, which approvals/identity needs for OpenID
// Connect. The OAuth client for Concur is in concur.
var forbiddenInIngress = []string{"policy", "activities", "concur", "cel.dev/cel-go"}

func TestPackagesImportOnlyWhatIsAllowed(t *testing.T) {
	t.Parallel()
	project := readProject(t)
	for name, problems := range map[string][]string{
		"the imports of each package are the allowed ones":                    checkImports(project, allowedImports),
		"packages from outside are imported only where they are allowed":      checkImporters(project),
		"no package has a vague name, an init function or a restricted name":  checkCode(project),
		"the ingress links neither the rule engine nor the client for Concur": checkLinked(project, "cmd/ingress", forbiddenInIngress...),
		"the simulator shares no code with the connector":                     checkApart(project, "dev/concursim"),
		"the simulator's journal shares no code with the connector":           checkApart(project, "dev/concursim/journal"),
		"the simulated fact services share no code with the connector":        checkApart(project, "dev/factservice"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, problems, strings.Join(problems, "\n"))
		})
	}
}

// checkApart reports which code of the connector a simulator or its tests import.
func checkApart(t tree, pkg string) (problems []string) {
	for _, s := range t[pkg] {
		for _, imported := range s.imports {
			if strings.HasPrefix(imported, module) && imported != module+pkg && !strings.HasPrefix(imported, module+pkg+"/") {
				problems = append(problems, fmt.Sprintf("%s imports %s: a simulator that shares code with the connector cannot find its mistakes", s.path, imported))
			}
		}
	}
	return problems
}

func TestAllowedImportersStillImport(t *testing.T) {
	t.Parallel()
	project := readProject(t)
	for entry, importers := range allowedImporters {
		for _, pkg := range importers {
			require.True(t, slices.ContainsFunc(project.code(pkg), func(s source) bool {
				return slices.ContainsFunc(s.imports, func(imported string) bool { return allowedEntry(imported) == entry })
			}), "%s no longer imports %s: remove the package from allowedImporters in imports_test.go", pkg, entry)
		}
	}
}

func readProject(t *testing.T) tree {
	t.Helper()
	project, err := readTree(".")
	require.NoError(t, err)
	require.NotEmpty(t, project.packages())
	return project
}
