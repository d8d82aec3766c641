package approvals

import (
	"testing"

	"github.com/spf13/cobra"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"concur-connector/cmd/concurctl/clitest"
)

var concurctl clitest.Program = func() []*cobra.Command { return []*cobra.Command{Command()} }

func TestMain(m *testing.M) { concurctl.Main(m) }

// encoded is an answer of Temporal.
type encoded struct{ payloads *commonpb.Payloads }

func (e encoded) HasValue() bool { return true }

func (e encoded) Get(into any) error {
	return converter.GetDefaultDataConverter().FromPayloads(e.payloads, into)
}
