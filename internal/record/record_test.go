package record_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"concur-connector/expense"
	"concur-connector/internal/record"
)

func entry(run string, position int) record.Entry {
	return record.Entry{
		NotificationID: "EXPRPT:" + run, RunID: run, ReportID: "R" + run,
		Event: expense.TaskEvent{
			Number: position + 1, At: time.Date(2026, 5, 4, 9, 30, position, 0, time.UTC), Kind: expense.TaskCounted,
			Decision: expense.DecideApprove, By: "Kim \"K\" Müller\n", Comment: `},"hash":"`, Groups: []string{"finance"},
		},
	}
}

// written returns a record of the given number of lines.
func written(t *testing.T, lines int) (path string, head record.Head) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "record.jsonl")
	file := record.NewFile(path, nil)
	for i := range lines {
		var err error
		head, err = file.Append(t.Context(), entry(fmt.Sprint(i%3), i/3))
		require.NoError(t, err)
	}
	return path, head
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	all, err := os.ReadFile(path)
	require.NoError(t, err)
	return all
}

func TestVerifyFollowsTheWholeChain(t *testing.T) {
	t.Parallel()
	path, head := written(t, 7)
	verified, err := record.Verify(bytes.NewReader(content(t, path)))
	require.NoError(t, err)
	require.Equal(t, head, verified)
	require.Equal(t, 7, verified.Lines)
	require.Len(t, verified.Hash, 64)

	empty, err := record.Verify(strings.NewReader(""))
	require.NoError(t, err)
	require.Zero(t, empty)
}

func TestVerifyFindsEveryChangedByte(t *testing.T) {
	t.Parallel()
	path, _ := written(t, 4)
	original := content(t, path)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range original {
		changed := bytes.Clone(original)
		changed[i] ^= byte(1 + random.IntN(255))
		_, err := record.Verify(bytes.NewReader(changed))
		var fault *record.Fault
		require.ErrorAs(t, err, &fault, "byte %d, seed %d", i, seed)
		line := 1 + bytes.Count(original[:i], []byte("\n"))
		require.Contains(t, []int{line, line + 1}, fault.Line, "byte %d, seed %d", i, seed)
	}
}

func TestVerifyFindsLinesThatWereMoved(t *testing.T) {
	t.Parallel()
	path, head := written(t, 5)
	lines := strings.SplitAfter(strings.TrimSuffix(string(content(t, path)), "\n"), "\n")
	lines[4] += "\n"
	for name, c := range map[string]struct {
		lines []string
		fault int
	}{
		"the first is missing":  {lines[1:], 1},
		"one is missing":        {slices.Concat(lines[:2], lines[3:]), 3},
		"one stands twice":      {slices.Concat(lines[:2], lines[1:]), 3},
		"two are exchanged":     {[]string{lines[0], lines[2], lines[1], lines[3], lines[4]}, 2},
		"an empty line between": {slices.Concat(lines[:2], []string{"\n"}, lines[2:]), 3},
		"text at the end":       {slices.Concat(lines, []string{"{}\n"}), 6},
		"the end is incomplete": {[]string{lines[0], lines[1][:40]}, 2},
		"a record inside":       {slices.Concat(lines, lines), 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := record.Verify(strings.NewReader(strings.Join(c.lines, "")))
			var fault *record.Fault
			require.ErrorAs(t, err, &fault)
			require.Equal(t, c.fault, fault.Line)
		})
	}
	t.Run("only the head shows that the end is missing", func(t *testing.T) {
		t.Parallel()
		verified, err := record.Verify(strings.NewReader(strings.Join(lines[:4], "")))
		require.NoError(t, err)
		require.NotEqual(t, head, verified)
	})
}

func TestAppendStoresAnEventOnce(t *testing.T) {
	t.Parallel()
	path, head := written(t, 6)
	before := content(t, path)
	file := record.NewFile(path, nil)
	again, err := file.Append(t.Context(), entry("0", 0), entry("0", 1), entry("1", 1))
	require.NoError(t, err)
	require.Equal(t, head, again)
	require.Equal(t, before, content(t, path))

	after, err := file.Append(t.Context(), entry("0", 1), entry("0", 2), entry("0", 2))
	require.NoError(t, err)
	require.Equal(t, 7, after.Lines)
}

func TestAppendStoresAnotherEventOfTheSameNumber(t *testing.T) {
	t.Parallel()
	path, head := written(t, 3)
	afterReset := entry("0", 0)
	afterReset.Event.By = "Lee"
	after, err := record.NewFile(path, nil).Append(t.Context(), afterReset, afterReset)
	require.NoError(t, err)
	require.Equal(t, head.Lines+1, after.Lines)
}

func TestAppendMovesAnIncompleteLineAway(t *testing.T) {
	t.Parallel()
	for _, cut := range []int{1, 2, 50} {
		path, _ := written(t, 3)
		whole := content(t, path)
		require.NoError(t, os.Truncate(path, int64(len(whole)-cut)))
		file := record.NewFile(path, nil)
		before, err := file.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, before.Lines)
		head, err := file.Append(t.Context(), entry("2", 0))
		require.NoError(t, err)
		require.Equal(t, 3, head.Lines)
		require.Equal(t, whole, content(t, path))
		require.NotEmpty(t, content(t, path+".incomplete-3"))
	}
}

func TestReadRefusesABrokenRecord(t *testing.T) {
	t.Parallel()
	path, _ := written(t, 3)
	all := content(t, path)
	all[10] ^= 1
	require.NoError(t, os.WriteFile(path, all, 0o600))
	_, err := record.NewFile(path, nil).Read(t.Context())
	var fault *record.Fault
	require.ErrorAs(t, err, &fault)
	require.Equal(t, 1, fault.Line)
}

func TestAppendRefusesARecordThatHasBecomeShorter(t *testing.T) {
	t.Parallel()
	path, _ := written(t, 3)
	file := record.NewFile(path, nil)
	_, err := file.Read(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, 0))
	_, err = file.Append(t.Context(), entry("9", 0))
	require.ErrorContains(t, err, "shorter")
	require.Empty(t, content(t, path))
}

// TestMain lets this test program append to a record as a process of its own.
func TestMain(m *testing.M) {
	if path := os.Getenv("RECORD_TEST_APPEND_TO"); path != "" {
		os.Exit(appendLines(path, os.Getenv("RECORD_TEST_RUN")))
	}
	os.Exit(m.Run())
}

const linesOfAProcess = 20

func appendLines(path, run string) int {
	ctx := context.Background()
	file := record.NewFile(path, nil)
	var err error
	for i := 0; err == nil && i < linesOfAProcess; i++ {
		_, err = file.Append(ctx, entry(run, i))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func TestSeveralProcessesAppendToOneRecord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "record.jsonl")
	self, err := os.Executable()
	require.NoError(t, err)
	var processes errgroup.Group
	for _, run := range []string{"a", "b", "c"} {
		process := exec.CommandContext(t.Context(), self)
		process.Env = append(os.Environ(), "RECORD_TEST_APPEND_TO="+path, "RECORD_TEST_RUN="+run)
		processes.Go(func() error {
			if output, err := process.CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, output)
			}
			return nil
		})
	}
	require.NoError(t, processes.Wait())
	head, err := record.Verify(bytes.NewReader(content(t, path)))
	require.NoError(t, err)
	require.Equal(t, 3*linesOfAProcess, head.Lines)
}
