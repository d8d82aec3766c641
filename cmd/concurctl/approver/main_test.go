package approver

import (
	"testing"

	"github.com/spf13/cobra"

	"concur-connector/cmd/concurctl/clitest"
)

var concurctl clitest.Program = func() []*cobra.Command { return []*cobra.Command{Command()} }

func TestMain(m *testing.M) { concurctl.Main(m) }
