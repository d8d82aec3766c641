package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// roleVariable makes the test binary act as a command that has started a program or, with the
// value programRole, as that program.
const (
	roleVariable = "DEV_TEST_ROLE"
	programRole  = "program"
)

// actAsRole acts as the command or as the program. Neither ends by itself.
func actAsRole() {
	if os.Getenv(roleVariable) == programRole {
		fmt.Println(os.Getpid(), os.Getppid())
		select {}
	}
	c, err := start("program", os.Args[0], nil, []string{roleVariable + "=" + programRole}, func(line string) { fmt.Println(line) })
	if err != nil {
		panic(err)
	}
	<-c.done
	fmt.Println("the program has ended")
	select {}
}

// processes is a command, the keeper of its program, and the program.
type processes struct {
	command         *exec.Cmd
	keeper, program int
	says            *bufio.Reader
}

func startProcesses(t *testing.T) processes {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	f := processes{command: exec.CommandContext(ctx, os.Args[0])}
	f.command.Env = append(os.Environ(), roleVariable+"=parent")
	out, err := f.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, f.command.Start())
	f.says = bufio.NewReader(out)
	_, err = fmt.Fscanln(f.says, &f.program, &f.keeper)
	require.NoError(t, err)
	require.True(t, alive(f.program) && alive(f.keeper))
	return f
}

// alive reports whether a process runs. A zombie does not run.
func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil || process.Signal(syscall.Signal(0)) != nil {
		return false
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !bytes.Contains(status, []byte(") Z "))
}

func requireEnded(t *testing.T, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		require.Eventually(t, func() bool { return !alive(pid) }, 20*time.Second, 5*time.Millisecond, "process %d still runs", pid)
	}
}

func TestAProgramEndsWhenItsCommandIsKilled(t *testing.T) {
	t.Parallel()
	f := startProcesses(t)
	require.NoError(t, f.command.Process.Kill())
	_ = f.command.Wait() // killed
	requireEnded(t, f.program, f.keeper)
}

func TestAProgramEndsWhenItsKeeperIsKilled(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("only Linux ends a program with the process that started it")
	}
	f := startProcesses(t)
	keeper, err := os.FindProcess(f.keeper)
	require.NoError(t, err)
	require.NoError(t, keeper.Kill())
	line, err := f.says.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "the program has ended\n", line)
	requireEnded(t, f.program)
	require.NoError(t, f.command.Process.Kill())
	_ = f.command.Wait() // killed
}

func TestKillWaitsUntilTheProgramHasEnded(t *testing.T) {
	t.Parallel()
	pids := make(chan [2]int, 1)
	c, err := start("program", os.Args[0], nil, []string{roleVariable + "=" + programRole}, func(line string) {
		var pid [2]int
		if _, err := fmt.Sscan(line, &pid[0], &pid[1]); err == nil {
			pids <- pid
		}
	})
	require.NoError(t, err)
	pid := <-pids
	c.kill()
	require.False(t, alive(pid[0]))
	require.Error(t, c.err)
}

// TestTheDevCommandLeavesNoProgramsOrFiles runs the whole system and ends the command by a
// closed pipe and by SIGKILL.
func TestTheDevCommandLeavesNoProgramsOrFiles(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("what runs is read from /proc")
	}
	suite := theSuite(t)
	dev := filepath.Join(t.TempDir(), "dev")
	require.NoError(t, goBuild(t.Context(), suite.root, "-o", dev, "./dev"))
	for name, end := range map[string]func(*testing.T, *exec.Cmd, io.Closer){
		"a closed pipe": func(t *testing.T, cmd *exec.Cmd, out io.Closer) {
			require.NoError(t, out.Close())
			require.NoError(t, cmd.Wait(), "the command ends without an error")
			left, err := filepath.Glob(filepath.Join(cmd.Dir, "concur-connector-dev-*"))
			require.NoError(t, err)
			require.Empty(t, left, "the command removes its files")
		},
		"SIGKILL": func(t *testing.T, cmd *exec.Cmd, _ io.Closer) {
			require.NoError(t, cmd.Process.Kill())
			_ = cmd.Wait() // killed
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, dev)
			own := "TMPDIR=" + t.TempDir() // identifies the command's processes
			cmd.Env = append(os.Environ(), own)
			cmd.Dir = suite.root
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewScanner(out)
			for lines.Scan() && !strings.Contains(lines.Text(), "The connector runs.") {
			}
			running := processesWith(own)
			require.GreaterOrEqual(t, len(running), 9, "itself, Temporal, three programs, and a keeper of each")
			cmd.Dir = strings.TrimPrefix(own, "TMPDIR=")
			end(t, cmd, out)
			require.Eventually(t, func() bool { return len(processesWith(own)) == 0 }, 20*time.Second, 20*time.Millisecond)
		})
	}
}

// processesWith lists the processes with this entry in their environment.
func processesWith(entry string) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		environ, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(append([]byte{0}, environ...), []byte("\x00"+entry+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(file, "/")[2]); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
