package concurconnector_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/workflows"
)

// tableUnder returns the rows of the first table after a heading, without backquotes.
func tableUnder(t *testing.T, file, heading string) [][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), heading)
	require.True(t, found, "%s has no heading %q", file, heading)
	var rows [][]string
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if len(rows) > 0 {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i, cell := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(cell), "`", "")
		}
		rows = append(rows, cells)
	}
	require.Greater(t, len(rows), 2, "%s has no table after %q", file, heading)
	return rows[2:] // without the head and the line below it
}

func column(rows [][]string, n int) []string {
	cells := make([]string, len(rows))
	for i, row := range rows {
		cells[i] = row[n]
	}
	return cells
}

func TestTheTablesOfTheDocumentsMatchTheCode(t *testing.T) {
	t.Parallel()
	t.Run("errors.md lists the kinds of errors", func(t *testing.T) {
		t.Parallel()
		want := []string{}
		for _, kind := range workflows.Kinds() {
			want = append(want, string(kind))
		}
		require.ElementsMatch(t, want, column(tableUnder(t, "docs/errors.md", "# Errors"), 0))
	})
	t.Run("errors.md lists the codes of Concur's refusals", func(t *testing.T) {
		t.Parallel()
		var want [][]string
		for _, code := range concur.Codes() {
			want = append(want, []string{code.Code, string(code.Kind), code.Fix})
		}
		require.Equal(t, want, tableUnder(t, "docs/errors.md", "## Codes of Concur's refusals"))
	})
	t.Run("errors.md lists the codes of the token endpoint", func(t *testing.T) {
		t.Parallel()
		var want [][]string
		for _, refusal := range concur.Refusals() {
			want = append(want, []string{strconv.Itoa(refusal.Code), string(refusal.Class), refusal.Means})
		}
		require.Equal(t, want, tableUnder(t, "docs/errors.md", "## Codes of the token endpoint"))
	})
	t.Run("fields.md says what each interface provides, as the code and its comment do", func(t *testing.T) {
		t.Parallel()
		godoc, err := os.ReadFile("expense/availability.go")
		require.NoError(t, err)
		reports := []expense.Interface{expense.V1, expense.V2, expense.V3, expense.V4}
		requests := []expense.Interface{expense.RequestV4}
		for after, by := range map[string][]expense.Interface{"\n## What each interface returns\n": reports, "\nTravel requests are read by Request v4.": requests} {
			var shown []string
			for _, row := range tableUnder(t, "docs/policy/fields.md", after) {
				shown = append(shown, row[0])
				line := []string{"//\t" + row[0]}
				for i, via := range by {
					require.Equal(t, string(via.Provides(row[0])), row[i+1], "%s by %s", row[0], via)
					line = append(line, row[i+1])
				}
				require.Regexp(t, `(?m)^`+regexp.QuoteMeta(line[0])+` +`+strings.Join(line[1:], " +")+`$`, string(godoc))
			}
			for _, object := range policy.Vocabulary() {
				for _, f := range object.Fields {
					name := object.Name + "." + f.Name
					for _, via := range by {
						if via.Provides(name) != expense.AlwaysProvided {
							require.Contains(t, shown, name)
						}
					}
				}
			}
		}
	})
	t.Run("architecture.md lists the outcomes", func(t *testing.T) {
		t.Parallel()
		want := []string{}
		for _, outcome := range workflows.Outcomes() {
			want = append(want, string(outcome))
		}
		require.Equal(t, want, column(tableUnder(t, "docs/architecture.md", "## How a run ends"), 0))
	})
	t.Run("architecture.md shows the packages and their imports", func(t *testing.T) {
		t.Parallel()
		shown := map[string][]string{}
		for _, row := range tableUnder(t, "docs/architecture.md", "## The packages") {
			shown[row[0]] = []string{}
			if row[2] != "–" {
				shown[row[0]] = strings.Split(row[2], ", ")
			}
		}
		require.Equal(t, slices.Sorted(maps.Keys(allowedImports)), slices.Sorted(maps.Keys(shown)))
		for pkg, imports := range allowedImports {
			require.ElementsMatch(t, imports, shown[pkg], "the row of %s", pkg)
		}
	})
	t.Run("the README's map names every folder with packages", func(t *testing.T) {
		t.Parallel()
		folders := map[string]bool{}
		for pkg := range allowedImports {
			folder, _, _ := strings.Cut(pkg, "/")
			folders[folder] = true
		}
		require.ElementsMatch(t, slices.Collect(maps.Keys(folders)), column(tableUnder(t, "README.md", "## The map"), 0))
	})
	t.Run("docs/README.md lists every document", func(t *testing.T) {
		t.Parallel()
		contents, err := os.ReadFile("docs/README.md")
		require.NoError(t, err)
		for _, file := range documents(t) {
			name, in := strings.CutPrefix(filepath.ToSlash(file), "docs/")
			if in && name != "README.md" && !strings.HasPrefix(name, "adr/") {
				require.Contains(t, string(contents), "]("+name+")")
			}
		}
	})
}

func TestTheReadmeClaimsNoMoreStoriesAndGuardsThanExist(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	stories, err := filepath.Glob("dev/testdata/*.txtar")
	require.NoError(t, err)
	guards, err := os.ReadFile("dev/guards_test.go")
	require.NoError(t, err)
	for claim, count := range map[string]int{
		`More than (\d+) stories`: len(stories),
		`More than (\d+) guards`:  strings.Count(string(guards), ` story: "`),
	} {
		match := regexp.MustCompile(claim).FindSubmatch(readme)
		require.NotNil(t, match, "README.md says: %s", claim)
		claimed, err := strconv.Atoi(string(match[1]))
		require.NoError(t, err)
		require.Greater(t, count, claimed, "%s", match[0])
	}
}

func TestTheGlossaryNamesIdentifiersOfTheCode(t *testing.T) {
	t.Parallel()
	terms := tableUnder(t, "docs/glossary.md", "# Glossary")
	require.LessOrEqual(t, len(terms), 12)
	for _, term := range terms {
		require.Len(t, term, 3, "%q", term)
		pkg, name, _ := strings.Cut(term[2], ".")
		require.Contains(t, declared(t, pkg), name, "%s is called %s", term[0], term[2])
	}
}

// declared lists what a package declares: functions, types and constants by their names,
// methods and fields as Type.Name.
func declared(t *testing.T, pkg string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(pkg), "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				names = append(names, n.Name.Name)
				if n.Recv != nil {
					receiver := n.Recv.List[0].Type
					if star, ok := receiver.(*ast.StarExpr); ok {
						receiver = star.X
					}
					if of, ok := receiver.(*ast.Ident); ok {
						names = append(names, of.Name+"."+n.Name.Name)
					}
				}
			case *ast.TypeSpec:
				names = append(names, n.Name.Name)
				if of, ok := n.Type.(*ast.StructType); ok {
					for _, field := range of.Fields.List {
						for _, name := range field.Names {
							names = append(names, n.Name.Name+"."+name.Name)
						}
					}
				}
			case *ast.ValueSpec:
				for _, name := range n.Names {
					names = append(names, name.Name)
				}
			}
			return true
		})
	}
	return names
}

func TestTheRulesOfTheFactsPageAreValid(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/policy/facts.md")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(page), "```yaml\n")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "```")
	rules, err := policy.Parse("facts.md", []byte("apiVersion: concur-connector/v1\n"+block))
	require.NoError(t, err)
	require.Equal(t, []string{"https://erp.example.com/concur/duplicates"}, rules.FactURLs())
	require.Equal(t, []string{"DUPLICAT"}, rules.Codes())
}

var (
	link    = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]+))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	// notInAnchor matches the characters that the anchor of a heading leaves out.
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	makeTarget  = regexp.MustCompile(`(?m)^([a-z-]+):.*##`)
	makeCommand = regexp.MustCompile("`make ([a-z-]+)")
)

// testName is the name of a test in a document: its package, its function and, if the
// document names one, its subtest.
type testName struct{ pkg, function, subtest string }

// testNames reads the cell of a table: "package TestName/subtest", one for each line.
func testNames(cell string) (names []testName) {
	for _, text := range strings.Split(cell, "<br>") {
		pkg, name, _ := strings.Cut(text, " ")
		function, subtest, _ := strings.Cut(name, "/")
		names = append(names, testName{pkg, function, subtest})
	}
	return names
}

// missing says what does not exist, or nothing. A subtest exists if its name is a text in the
// package's test files.
func (named testName) missing(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(named.pkg), "*_test.go"))
	require.NoError(t, err)
	function, subtest := false, named.subtest == ""
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				function = function || n.Recv == nil && n.Name.Name == named.function && strings.HasPrefix(named.function, "Test")
			case *ast.BasicLit:
				text, err := strconv.Unquote(n.Value)
				subtest = subtest || n.Kind == token.STRING && err == nil && text == named.subtest
			}
			return true
		})
	}
	switch {
	case !function:
		return "there is no " + named.function + " in " + named.pkg
	case !subtest:
		return named.function + " in " + named.pkg + " has no subtest " + named.subtest
	}
	return ""
}

func TestEveryTrapHasItsTest(t *testing.T) {
	t.Parallel()
	traps := 0
	for _, row := range tableUnder(t, "docs/traps.md", "# Traps") {
		require.Len(t, row, 4, "%q", row)
		if strings.HasPrefix(row[0], "**") {
			continue // the row of a subject
		}
		traps++
		for i, cell := range row {
			require.NotEmpty(t, cell, "column %d of %q", i+1, row[0])
		}
		for _, named := range testNames(row[3]) {
			require.Empty(t, named.missing(t), "the trap %q", row[0])
		}
	}
	require.GreaterOrEqual(t, traps, 60, "if a trap no longer exists, remove its row and lower this number")

	for text, says := range map[string]string{
		"concur TestHostileURLs/one slash": "",
		"concur TestHostileURLs":           "",
		"concur TestHostileURLs/no form":   "TestHostileURLs in concur has no subtest no form",
		"concur TestNoURLs/one slash":      "there is no TestNoURLs in concur",
		"concur newTrap":                   "there is no newTrap in concur",
		"nowhere TestHostileURLs":          "there is no TestHostileURLs in nowhere",
		"":                                 "there is no  in ",
	} {
		require.Equal(t, says, testNames(text)[0].missing(t), text)
	}
}

func TestEveryPartOfACalloutNamesItsTests(t *testing.T) {
	t.Parallel()
	rows := tableUnder(t, "docs/security.md", "## What a callout can cause")
	parts := column(rows, 0)
	for _, field := range []string{"ObjectURI", "ObjectType", "EventType", "EventDateTime", "Context", "NotificationURI"} {
		require.Contains(t, parts, field)
	}
	for _, row := range rows {
		require.Len(t, row, 4, "%q", row)
		for _, named := range testNames(row[3]) {
			require.Empty(t, named.missing(t), "the part %q", row[0])
		}
	}
}

// documents lists the Markdown files of the project.
func documents(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && file != "." && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if filepath.Ext(file) == ".md" {
			files = append(files, file)
		}
		return err
	})
	require.NoError(t, err)
	require.Contains(t, files, "README.md")
	return files
}

// anchors lists the headings of a document, as links name them.
func anchors(t *testing.T, file string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, match := range heading.FindAllStringSubmatch(string(text), -1) {
		name := notInAnchor.ReplaceAllString(strings.ToLower(match[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

func TestLinksAndMakeTargetsInDocumentsExist(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("Makefile")
	require.NoError(t, err)
	targets := []string{}
	for _, match := range makeTarget.FindAllStringSubmatch(string(makefile), -1) {
		targets = append(targets, match[1])
	}
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			target := file
			if match[1] != "" {
				target = filepath.Join(filepath.Dir(file), match[1])
			}
			_, err := os.Stat(target)
			require.NoError(t, err, "%s links to %s", file, match[1])
			if match[2] != "" {
				require.Contains(t, anchors(t, target), match[2], "%s links to a heading of %s", file, target)
			}
		}
		for _, match := range makeCommand.FindAllStringSubmatch(string(text), -1) {
			require.Contains(t, targets, match[1], "%s names make %s", file, match[1])
		}
	}
}

func TestFieldsPageListsTheFieldsOfTheRules(t *testing.T) {
	t.Parallel()
	for _, object := range policy.Vocabulary() {
		t.Run("fields.md lists the fields of "+object.Name, func(t *testing.T) {
			t.Parallel()
			var want, shown [][]string
			for _, f := range object.Fields {
				want = append(want, []string{f.Name, f.Type})
			}
			for _, row := range tableUnder(t, "docs/policy/fields.md", "\n## "+object.Name+"\n") {
				require.NotEmpty(t, row[2])
				shown = append(shown, row[:2])
			}
			require.Equal(t, want, shown)
		})
	}
}
