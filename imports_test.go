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

// rooms is the map of the house: each room, and which of our rooms its code may
// import. docs/architecture.md shows the same table to people.
//
// A room enters with its first code, an arrow with its first use. An arrow that is
// not here is a decision: think about where the line belongs before you add it.
var rooms = map[string][]string{
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
	"approvals":                     {"expense", "approvals/approvers", "workflows"},
	"approvals/approvers":           {"internal/textfile"},
	"workflows":                     {"expense"},
	"facts":                         {"expense"},
	"activities":                    {"expense", "concur", "facts", "policy"},
	"internal/telemetry":            {},
	"internal/spelling":             {},
	"internal/textfile":             {},
	"internal/config":               {"internal/spelling", "internal/textfile"},
	"internal/httpserver":           {"internal/textfile"},
	"cmd/ingress":                   {"approvals", "approvals/approvers", "ingress", "internal/config", "internal/httpserver", "internal/program", "workflows"},
	"cmd/worker":                    {"activities", "concur", "expense", "facts", "internal/clients", "internal/config", "internal/httpserver", "internal/program", "policy", "workflows"},
	"cmd/concurctl":                 {"cmd/concurctl/cli", "cmd/concurctl/decode", "cmd/concurctl/doctor", "cmd/concurctl/rules", "cmd/concurctl/runs", "cmd/concurctl/setup", "cmd/concurctl/token"},
	"cmd/concurctl/cli":             {"concur", "internal/clients", "internal/config", "internal/program", "internal/telemetry", "workflows"},
	"cmd/concurctl/clitest":         {"cmd/concurctl/cli", "expense", "ingress", "workflows"},
	"cmd/concurctl/decode":          {"cmd/concurctl/cli", "concur/wire", "expense"},
	"cmd/concurctl/doctor":          {"approvals/approvers", "cmd/concurctl/cli", "concur", "expense", "internal/clients", "internal/config", "internal/httpserver", "policy", "workflows"},
	"cmd/concurctl/rules":           {"cmd/concurctl/cli", "cmd/concurctl/decode", "cmd/concurctl/rules/rulestest", "cmd/concurctl/rules/whatif", "concur", "expense", "internal/config", "internal/textfile", "policy", "policy/rulesfile", "workflows"},
	"cmd/concurctl/runs":            {"cmd/concurctl/cli", "cmd/concurctl/decode", "concur", "expense", "internal/config", "workflows"},
	"cmd/concurctl/setup":           {"cmd/concurctl/cli", "expense", "internal/config", "workflows"},
	"cmd/concurctl/token":           {"cmd/concurctl/cli", "concur", "internal/config", "internal/textfile"},
	"internal/clients":              {"concur", "facts", "internal/config"},
	"internal/program":              {"internal/config", "internal/telemetry", "workflows"},
	"dev":                           {"dev/factservice", "expense", "workflows"},
	"dev/factservice":               {},
	"dev/concursim":                 {"dev/concursim/journal"},
	"dev/concursim/journal":         {},

	"concur/wire/lenient": {},
}

// guests says where a package from outside is at home: one library, few rooms. A
// path stands for everything below it.
var guests = map[string][]string{
	"go.temporal.io":                       {"workflows", "activities", "cmd/concurctl/rules/whatif", "cmd/ingress", "cmd/worker", "dev", "cmd/concurctl/cli", "cmd/concurctl/clitest", "cmd/concurctl/doctor", "cmd/concurctl/rules", "cmd/concurctl/runs", "cmd/concurctl/setup", "internal/program"},
	"cel.dev/cel-go":                       {"policy", "policy/hint", "policy/value"},
	"golang.org/x/net":                     {"internal/httpserver"},
	"golang.org/x/oauth2":                  {"concur"},
	"github.com/bojanz/currency":           {"expense"},
	"golang.org/x/text":                    {"concur/wire/lenient", "dev/concursim", "expense"},
	"golang.org/x/time":                    {"concur"},
	"golang.org/x/sync":                    {"concur", "cmd/concurctl/rules/whatif", "cmd/ingress", "cmd/worker", "cmd/concurctl/runs"},
	"github.com/gorilla/mux":               {"ingress", "approvals", "internal/httpserver", "cmd/ingress", "dev/concursim"},
	"github.com/kelseyhightower":           {"internal/config"},
	"github.com/google/uuid":               {"concur", "approvals"},
	"github.com/tidwall":                   {"dev/concursim"},
	"github.com/shopspring/decimal":        {"expense", "policy/value", "dev/concursim"},
	"go.yaml.in/yaml":                      {"policy", "policy/rulesfile", "cmd/concurctl/rules/rulestest", "dev", "dev/concursim"},
	"github.com/gofrs/flock":               {"concur"},
	"github.com/spf13/cobra":               {"cmd/concurctl", "cmd/concurctl/cli", "cmd/concurctl/clitest", "cmd/concurctl/decode", "cmd/concurctl/doctor", "cmd/concurctl/rules", "cmd/concurctl/runs", "cmd/concurctl/setup", "cmd/concurctl/token"},
	"github.com/rogpeppe/go-internal":      {"dev"},
	"net/http":                             {"concur", "facts", "ingress", "approvals", "internal/httpserver", "cmd/ingress", "dev", "dev/factservice", "dev/concursim", "cmd/concurctl/cli", "cmd/concurctl/clitest", "cmd/concurctl/doctor", "cmd/concurctl/setup"},
	"github.com/stretchr/testify":          {"cmd/concurctl/clitest"}, // tests only
	"github.com/santhosh-tekuri":           {},                        // tests only
	"testing":                              {"cmd/concurctl/clitest"},
	"go.temporal.io/sdk/contrib/envconfig": {"workflows"},
	"google.golang.org/grpc":               {"cmd/concurctl/clitest"},
	"google.golang.org/protobuf":           {"dev", "cmd/concurctl/clitest"}, // what Temporal's own requests are made of
}

// keys are names of other packages that only some rooms may use. A request to Concur is sent
// in one room, where all of Concur's rules and those of the token hold, and one to the
// company's own systems in another, which has no token; dev stands
// in for the people and the systems outside, and concurctl for Concur: it knocks at our
// own public endpoint, and nothing it sends there holds a token.
var keys = map[string][]string{
	"os.Getenv":                      {"internal/config"},
	"os.LookupEnv":                   {"internal/config"},
	"os.Environ":                     {"internal/config", "dev"}, // dev hands its own on to its children
	"os.ExpandEnv":                   {},
	"net/http.Client":                {"concur", "facts", "dev/concursim"},
	"net/http.Transport":             {"concur", "facts", "cmd/concurctl/cli", "dev/concursim"},
	"net/http.NewRequestWithContext": {"concur", "facts", "cmd/concurctl/cli", "dev", "dev/concursim"},
	"net/http.DefaultClient":         {"dev"},
	"net/http.DefaultTransport":      {},
	"net/http.NewRequest":            {},
	"net/http.Get":                   {},
	"net/http.Head":                  {},
	"net/http.Post":                  {},
	"net/http.PostForm":              {},
	"net.Dial":                       {},
	"net.DialTimeout":                {},
	"net.Dialer":                     {},
	"crypto/tls.Dial":                {},
	"crypto/tls.DialWithDialer":      {},
	"crypto/tls.Dialer":              {"cmd/concurctl/cli"},
}

// vague are names that say nothing about what lives in a room.
var vague = []string{"util", "utils", "common", "type", "types", "model", "models", "helper", "helpers", "mock", "mocks", "misc", "shared"}

// checkMap says where the code and the map differ.
func checkMap(t tree, rooms map[string][]string) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, room := range t.packages() {
		allowed, known := rooms[room]
		if !known {
			say("%s is not on the map: put its code into the room it belongs to, or add a row to rooms in imports_test.go and to docs/architecture.md", room)
			continue
		}
		for _, to := range t.arrows(room) {
			if !slices.Contains(allowed, to) {
				say("%s imports %s, an arrow that is not on the map: move the code, or let the importer declare the interface it needs", room, to)
			}
		}
		for _, to := range allowed {
			if !slices.Contains(t.arrows(room), to) {
				say("%s no longer imports %s: take the arrow off the map", room, to)
			}
		}
	}
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		if !slices.Contains(t.packages(), room) {
			say("%s is on the map and has no code: a room enters with its first code, take the row out until then", room)
		}
	}
	return problems
}

// checkGuests says which packages from outside are where they do not belong.
func checkGuests(t tree) (problems []string) {
	for _, room := range t.packages() {
		for _, s := range t.code(room) {
			for _, imported := range s.imports {
				guest := guestOf(imported)
				switch {
				case strings.HasPrefix(imported, module):
				case guest == "" && strings.Contains(strings.Split(imported, "/")[0], "."):
					problems = append(problems, fmt.Sprintf("%s imports %s, which no room has yet: is a page of our own code enough? if not, add it to guests in imports_test.go", s.path, imported))
				case guest != "" && !slices.Contains(guests[guest], room):
					problems = append(problems, fmt.Sprintf("%s imports %s, which is at home in %v: ask one of those rooms, through an interface of your own", s.path, imported, guests[guest]))
				}
			}
		}
	}
	return problems
}

// guestOf returns the longest entry of guests that an import lies under.
func guestOf(imported string) string {
	for at := imported; at != "."; at = path.Dir(at) {
		if _, ok := guests[at]; ok {
			return at
		}
	}
	return ""
}

// checkHabits says what no room may do, whatever it imports.
func checkHabits(t tree) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, room := range slices.Sorted(maps.Keys(t)) {
		if slices.Contains(vague, path.Base(room)) {
			say("%s is no name for a room: name it after the one thing that lives in it", room)
		}
		for _, s := range t[room] {
			if s.tagged {
				say("%s is built only under a condition: every line is built, vetted and tested everywhere; take the condition out", s.path)
			}
			if s.test {
				continue
			}
			if s.inits {
				say("%s has an init: build what it builds where main can see it", s.path)
			}
			for _, use := range s.uses {
				if allowed, ok := keys[use]; ok && !slices.Contains(allowed, room) {
					say("%s uses %s, which only %v may: let it be handed in by those who may", s.path, use, allowed)
				}
			}
		}
	}
	return problems
}

// checkLinks says what a program is linked with and must not be.
func checkLinks(t tree, program string, never ...string) (problems []string) {
	rooms, outside := t.linked(program)
	for _, linked := range slices.Concat(rooms, outside) {
		for _, bad := range never {
			if linked == bad || strings.HasPrefix(linked, bad+"/") && !slices.Contains(rooms, linked) {
				problems = append(problems, fmt.Sprintf("%s links %s: a program that faces the internet holds neither rules nor tokens; find the import that leads there", program, linked))
			}
		}
	}
	return problems
}

var neverInIngress = []string{"policy", "activities", "concur", "cel.dev/cel-go", "golang.org/x/oauth2"}

func TestTheImportsAreTheArrowsOfTheMap(t *testing.T) {
	t.Parallel()
	house := readHouse(t)
	for name, problems := range map[string][]string{
		"every room and every arrow is on the map, and no other":               checkMap(house, rooms),
		"a package from outside stays in the rooms it is for":                  checkGuests(house),
		"no room reads the environment, sends requests or has init on its own": checkHabits(house),
		"the ingress links neither the rule engine nor the client for Concur":  checkLinks(house, "cmd/ingress", neverInIngress...),
		"the simulator's tests import nothing of ours either":                  checkSimulator(house),
		"nor do those of its journal":                                          checkApart(house, "dev/concursim/journal"),
		"nor do those of the simulated fact services":                          checkApart(house, "dev/factservice"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, problems, strings.Join(problems, "\n"))
		})
	}
}

func checkSimulator(t tree) (problems []string) { return checkApart(t, "dev/concursim") }

// checkApart says where a room that plays others shares code with us.
func checkApart(t tree, room string) (problems []string) {
	for _, s := range t[room] {
		for _, imported := range s.imports {
			if strings.HasPrefix(imported, module) && imported != module+room && !strings.HasPrefix(imported, module+room+"/") {
				problems = append(problems, fmt.Sprintf("%s imports %s: what shares code with us could never disagree with us", s.path, imported))
			}
		}
	}
	return problems
}

func TestEveryGuestIsStillThere(t *testing.T) {
	t.Parallel()
	house := readHouse(t)
	for guest, homes := range guests {
		for _, room := range homes {
			require.True(t, slices.ContainsFunc(house.code(room), func(s source) bool {
				return slices.ContainsFunc(s.imports, func(imported string) bool { return guestOf(imported) == guest })
			}), "%s no longer imports %s: take the room off guests in imports_test.go", room, guest)
		}
	}
}

func readHouse(t *testing.T) tree {
	t.Helper()
	house, err := readTree(".")
	require.NoError(t, err)
	require.NotEmpty(t, house.packages())
	return house
}
