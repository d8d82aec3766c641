package doctor

import (
	"testing"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/mock"
)

func TestTheDoctorWarnsWhileNoCalloutHasAnnouncedAStep(t *testing.T) {
	t.Parallel()
	examine := func(others bool, err error) []finding {
		target, m := clitest.Deployment(t)
		m.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return(nil, err)
		d := newDoctor()
		d.announced(t.Context(), target, others)
		return d.findings
	}
	says(t, examine(false, clitest.ErrNotFound), "own steps", warned, "no callout has announced a step yet")
	says(t, examine(true, clitest.ErrNotFound), "own steps", warned, "only for what CONCUR_OWN_STEPS names")
}
