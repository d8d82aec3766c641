package setup

import (
	"testing"

	"concur-connector/cmd/concurctl/clitest"
)

var concurctl clitest.Program = Commands

func TestMain(m *testing.M) { concurctl.Main(m) }
