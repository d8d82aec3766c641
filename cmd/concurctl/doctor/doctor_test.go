package doctor

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
)

// says requires one finding with a check, a state and these words.
func says(t *testing.T, found []finding, check string, s state, words string) {
	t.Helper()
	for _, f := range found {
		if f.Check == check && f.State == s && strings.Contains(f.Says+" → "+f.Do, words) {
			require.Equal(t, s == passed, f.Do == "", "what is not ok says what to do: %+v", f)
			return
		}
	}
	t.Fatalf("no %s of %q says %q: %+v", s, check, words, found)
}

// silentAbout requires that nothing about a check has a state.
func silentAbout(t *testing.T, found []finding, check string, states ...state) {
	t.Helper()
	for _, f := range found {
		for _, s := range states {
			require.False(t, f.Check == check && f.State == s, "%+v", f)
		}
	}
}

func newDoctor() *doctor { return &doctor{now: time.Now(), errs: &strings.Builder{}} }

// look has a doctor look at a public endpoint.
func look(t *testing.T, server *httptest.Server, ca string, c cli.Credential) []finding {
	t.Helper()
	d := newDoctor()
	d.publicEndpoint(t.Context(), doctorOptions{url: server.URL, ca: ca}, c)
	return d.findings
}

var registered = cli.Credential{User: clitest.CalloutUser, Password: clitest.CalloutPassword}

func TestAGoodDoorIsOk(t *testing.T) {
	t.Parallel()
	a := clitest.NewAuthority(t)
	server := clitest.Endpoint(t, clitest.NewStarter(nil), &tls.Config{
		Certificates: []tls.Certificate{a.Ordinary(t)}, MinVersion: tls.VersionTLS12, CipherSuites: concurSuites[:3],
	})
	found := look(t, server, a.File, registered)
	says(t, found, "certificate", warned, "trusted through --ca")
	says(t, found, "certificate", passed, "for 100 days more")
	says(t, found, "certificate", passed, "RSA with 2048 bits")
	says(t, found, "tls", passed, "TLS 1.2 with TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256")
	says(t, found, "tls", passed, "TLS 1.3 with TLS_")
	says(t, found, "connection test", passed, "a request without a credential is refused")
	says(t, found, "connection test", passed, "GET /system/v1.0/testconnection is answered 200")
	for _, f := range found {
		require.NotEqual(t, broken, f.State, "%+v", f)
		require.NotContains(t, f.Says, clitest.CalloutPassword)
	}
	silentAbout(t, found, "tls", warned)
}

func TestABadCertificateIsNamed(t *testing.T) {
	t.Parallel()
	a := clitest.NewAuthority(t)
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	later := time.Now().Add(100 * day)
	for name, c := range map[string]struct {
		certificate tls.Certificate
		ca, says    string
		state       state
	}{
		"of nobody's authority": {a.Ordinary(t), "", "leads to no authority that this system trusts", broken},
		"that has ended":        {a.Leaf(t, a.Key, time.Now().Add(-day)), a.File, "it ended on ", broken},
		"that ends soon":        {a.Leaf(t, a.Key, time.Now().Add(3*day+time.Hour)), a.File, "it ends in 3 days", warned},
		"with another key":      {a.Leaf(t, elliptical, later), a.File, "its key is ECDSA", broken},
		"with a small key":      {a.Leaf(t, small, later), a.File, "its RSA key has 1024 bits", broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := clitest.Endpoint(t, clitest.NewStarter(nil), &tls.Config{Certificates: []tls.Certificate{c.certificate}})
			says(t, look(t, server, c.ca, registered), "certificate", c.state, c.says)
		})
	}
	t.Run("for another host", func(t *testing.T) {
		t.Parallel()
		server := clitest.Endpoint(t, clitest.NewStarter(nil), &tls.Config{Certificates: []tls.Certificate{a.Ordinary(t)}})
		server.URL = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
		says(t, look(t, server, a.File, registered), "certificate", broken, "the certificate is not for localhost")
	})
}

func TestWeakOrMissingTLSIsNamed(t *testing.T) {
	t.Parallel()
	a := clitest.NewAuthority(t)
	with := func(c *tls.Config) []finding {
		c.Certificates = []tls.Certificate{a.Ordinary(t)}
		return look(t, clitest.Endpoint(t, clitest.NewStarter(nil), c), a.File, registered)
	}
	says(t, with(&tls.Config{MinVersion: tls.VersionTLS13}), "tls", broken, "no TLS 1.2 cipher")
	says(t, with(&tls.Config{MaxVersion: tls.VersionTLS12}), "tls", passed, "does not speak TLS 1.3")
	says(t, with(&tls.Config{MinVersion: tls.VersionTLS10}), "tls", warned, "TLS 1.1 or 1.0")
	says(t, with(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, concurSuites[0]}}), "tls", warned, "is not ECDHE")
	rsaOnly := with(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}})
	says(t, rsaOnly, "tls", broken, "no TLS 1.2 cipher")
	says(t, rsaOnly, "tls", warned, "is not ECDHE")
	says(t, with(&tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}), "public endpoint", broken, "no TLS 1.2 connection to 127.0.0.1:")
	clear := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(clear.Close)
	says(t, look(t, clear, "", registered), "public endpoint", broken, "is not secured")
	clear.URL = strings.Replace(clear.URL, "http:", "https:", 1)
	says(t, look(t, clear, "", registered), "public endpoint", broken, "no TLS 1.2 connection")
}

func TestAConnectionTestThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	a := clitest.NewAuthority(t)
	config := func() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{a.Ordinary(t)}} }
	server := clitest.Endpoint(t, clitest.NewStarter(nil), config())
	says(t, look(t, server, a.File, cli.Credential{User: clitest.CalloutUser, Password: "another-password"}), "connection test", broken, "the credential is refused")
	says(t, look(t, server, a.File, cli.Credential{}), "connection test", warned, "not made with a credential")
	for status, words := range map[int]string{404: "nothing answers at /system/v1.0/testconnection", 302: "is answered 302", 502: "is answered 502"} {
		proxy := clitest.ListenTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, _, known := r.BasicAuth(); !known {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.WriteHeader(status)
		}), config())
		says(t, look(t, proxy, a.File, registered), "connection test", broken, words)
	}
	everybody := clitest.ListenTLS(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), config())
	says(t, look(t, everybody, a.File, registered), "connection test", broken, "a request without a credential is answered 200, not 401")
}

// diagnose runs the whole doctor.
func diagnose(t *testing.T, env clitest.Settings, args ...string) ([]finding, clitest.Outcome) {
	t.Helper()
	ended := concurctl.Start(t, env, "", append([]string{"doctor", "-o", "json"}, args...)...)
	for _, secret := range []string{clitest.CalloutPassword, clitest.ClientSecret, clitest.RefreshToken, clitest.AccessToken} {
		require.NotContains(t, ended.Out+ended.Errs, secret)
	}
	return clitest.Read[[]finding](t, ended), ended
}

// writeStore writes a token store.
func writeStore(t *testing.T, geolocation string, change map[string]any) string {
	t.Helper()
	store := map[string]any{
		"refreshToken": clitest.RefreshToken, "refreshExpiresAt": time.Now().Add(100*day + time.Hour), "geolocation": geolocation,
		"accessToken": clitest.AccessToken, "accessExpiresAt": time.Now().Add(time.Hour), "scope": "EXPRPT NOTIF",
		"obtainedAt": time.Now().Add(-time.Hour), "generation": 3,
	}
	for name, value := range change {
		store[name] = value
	}
	text, err := json.Marshal(store)
	require.NoError(t, err)
	return clitest.File(t, "token.json", string(text))
}

// seenAgo is a refresh token that was first seen then, and whose end is unknown.
func seenAgo(age time.Duration) map[string]any {
	sum := sha256.Sum256([]byte(clitest.RefreshToken))
	return map[string]any{"refreshExpiresAt": time.Time{}, "refreshFirstSeen": map[string]time.Time{hex.EncodeToString(sum[:8]): time.Now().Add(-age)}}
}

const oneRule = "apiVersion: concur-connector/v1\nrules:\n  - name: one\n    level: entry\n" +
	"    expression: entry.hasReceipt\n    message: A receipt is missing.\n    then: {sendBack: true}\n"

func TestAGoodEnvironmentIsOkButForTemporal(t *testing.T) {
	t.Parallel()
	c, a := clitest.NewConcur(t), clitest.NewAuthority(t)
	c.Env["CONCUR_TOKEN_FILE"] = writeStore(t, c.URL, nil)
	c.Env["CONCUR_RULES"] = clitest.File(t, "rules.yaml", oneRule)
	c.Env["CONCUR_TLS_CERT"], c.Env["CONCUR_TLS_KEY"] = clitest.WritePair(t, a.Ordinary(t))
	delete(c.Env, "CONCUR_REFRESH_TOKEN")
	for name, value := range clitest.CalloutEnv() {
		c.Env[name] = value
	}
	found, ended := diagnose(t, c.Env)
	require.Equal(t, 1, ended.Code)
	require.Equal(t, "concurctl: 1 check failed\n", ended.Errs)
	says(t, found, "temporal", broken, "reach Temporal at 127.0.0.1:1")
	says(t, found, "ingress configuration", passed, "every variable")
	says(t, found, "worker configuration", passed, "every variable")
	says(t, found, "callout credential", passed, "user name has 15 characters and the password 22")
	says(t, found, "certificate file", passed, "RSA with 2048 bits")
	says(t, found, "public endpoint", warned, "no --url was given")
	says(t, found, "rules", passed, "1 rule in ")
	says(t, found, "allow-list", passed, c.URL)
	says(t, found, "token store", passed, "for 100 days more")
	says(t, found, "scopes", passed, "EXPRPT is granted")
	says(t, found, "access to Concur", passed, "can be read, and is empty")

	c.Change(func() { c.List = clitest.FailedListXML })
	found, _ = diagnose(t, c.Env, "--program", "worker")
	says(t, found, "failed list", warned, "the list is not empty")
	silentAbout(t, found, "ingress configuration", passed, warned, broken)
}

func TestABrokenEnvironmentIsNamedLineByLine(t *testing.T) {
	t.Parallel()
	c := clitest.NewConcur(t)
	with := func(change clitest.Settings) clitest.Settings {
		env := clitest.Settings{"CONCUR_RULES": clitest.File(t, "rules.yaml", oneRule)}
		for _, layer := range []clitest.Settings{c.Env, clitest.CalloutEnv(), change} {
			for name, value := range layer {
				env[name] = value
			}
		}
		return env
	}
	key := filepath.Join(t.TempDir(), "open.json")
	text, err := os.ReadFile(writeStore(t, c.URL, nil))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(key, text, 0o644))
	for name, w := range map[string]struct {
		env   clitest.Settings
		args  []string
		check string
		state state
		says  string
	}{
		"a short password":                 {with(clitest.Settings{"CONCUR_CALLOUT_PASSWORD": "short"}), nil, "ingress configuration", broken, "CONCUR_CALLOUT_PASSWORD must be 10 to 49 characters long, as Concur asks; it has 5"},
		"no certificate":                   {with(nil), nil, "ingress configuration", broken, "CONCUR_TLS_CERT and CONCUR_TLS_KEY are required"},
		"a certificate that is none":       {with(clitest.Settings{"CONCUR_TLS_CERT": clitest.File(t, "c", "x"), "CONCUR_TLS_KEY": clitest.File(t, "k", "x")}), nil, "certificate file", broken, "cannot be used"},
		"nothing at all":                   {nil, nil, "worker configuration", broken, "CONCUR_RULES is required"},
		"an environment of the other":      {nil, nil, "ingress configuration", broken, "--program worker"},
		"a second pair":                    {with(clitest.Settings{"CONCUR_CALLOUT_USER_2": "another-user", "CONCUR_CALLOUT_PASSWORD_2": "another-password"}), nil, "callout credential", warned, "a second pair"},
		"an unknown variable":              {with(clitest.Settings{"CONCUR_GEOLOCATOIN": "x"}), nil, "environment", warned, "CONCUR_GEOLOCATOIN"},
		"approvers that cannot be read":    {with(clitest.Settings{"CONCUR_APPROVERS": clitest.File(t, "a", "kim")}), nil, "approvers", broken, "cannot be used"},
		"approvers without a login":        {with(clitest.Settings{"CONCUR_APPROVERS": clitest.File(t, "a", "approvers: [{name: Kim}]")}), nil, "approvers", warned, "1 approver of the approvers' file cannot decide"},
		"approvers of whom there are none": {with(clitest.Settings{"CONCUR_APPROVERS": clitest.File(t, "a", "approvers: []")}), nil, "approvers", warned, "has nobody"},
		"approvers with their logins":      {with(clitest.Settings{"CONCUR_APPROVERS": clitest.File(t, "a", "approvers: [{name: Kim, logins: [kim@x]}]")}), nil, "approvers", passed, "has 1 approver"},
		"a seal key that is none":          {with(clitest.Settings{"CONCUR_SEAL_KEYS_FILE": clitest.File(t, "k", "x")}), nil, "seal keys", broken, "cannot be used"},
		"rules with a slip":                {with(clitest.Settings{"CONCUR_RULES": clitest.File(t, "rules.yaml", strings.Replace(oneRule, "hasReceipt", "receipt", 1))}), nil, "rules", broken, "undefined field 'receipt'"},
		"no rules":                         {with(clitest.Settings{"CONCUR_RULES": clitest.File(t, "rules.yaml", "apiVersion: concur-connector/v1\nrules: []\n")}), nil, "rules", warned, "a worker refuses this file: there is no rule"},
		"rules that approve everything":    {with(clitest.Settings{"CONCUR_RULES": clitest.File(t, "rules.yaml", "apiVersion: concur-connector/v1\napproveAll: true\nrules: []\n")}), nil, "rules", warned, "approveAll is true: there is no rule"},
		"a geolocation of nobody":          {with(clitest.Settings{"CONCUR_GEOLOCATION": "https://concur.example"}), nil, "allow-list", broken, `names the host "concur.example", which is not on the allow-list`},
		"a dry run":                        {with(clitest.Settings{"CONCUR_WRITES": "dry-run"}), nil, "writes", warned, "only says what it would write"},
		"writes that are off":              {with(clitest.Settings{"CONCUR_WRITES": "off"}), nil, "writes", warned, "waits for an operator"},
		"two test users":                   {with(clitest.Settings{"CONCUR_TEST_USERS": "a@example.com, b@example.com"}), nil, "writes", warned, "only to the reports of 2 test users"},
		"writes that are something else":   {with(clitest.Settings{"CONCUR_WRITES": "dry"}), nil, "worker configuration", broken, "CONCUR_WRITES must be on, dry-run or off"},
		"no brake":                         {with(clitest.Settings{"CONCUR_SENDBACK_LIMIT": "0"}), nil, "send-back limit", warned, "there is no limit"},
		"a brake of both kinds":            {with(clitest.Settings{"CONCUR_SENDBACK_SHARE_LIMIT": "0.4"}), nil, "send-back limit", passed, "at most 100 an hour and a share of 0.4"},
		"no token store":                   {with(nil), nil, "access to Concur", warned, "not checked"},
		"a refresh token that is tried":    {with(nil), []string{"--use-refresh-token"}, "access to Concur", passed, "can be read"},
		"a store that is to be made":       {with(clitest.Settings{"CONCUR_TOKEN_FILE": "/nowhere/token.json", "CONCUR_REFRESH_TOKEN": ""}), nil, "token store", broken, "concurctl token init"},
		"a store that the worker makes":    {with(clitest.Settings{"CONCUR_TOKEN_FILE": "/nowhere/token.json"}), nil, "token store", warned, "CONCUR_REFRESH_TOKEN"},
		"a store that everybody can read":  {with(clitest.Settings{"CONCUR_TOKEN_FILE": key}), nil, "token store", broken, "chmod 600"},
		"a refresh token near its end":     {with(clitest.Settings{"CONCUR_TOKEN_FILE": writeStore(t, c.URL, map[string]any{"refreshExpiresAt": time.Now().Add(20*day + time.Hour)})}), nil, "token store", warned, "ends in 20 days"},
		"a refresh token in its last week": {with(clitest.Settings{"CONCUR_TOKEN_FILE": writeStore(t, c.URL, map[string]any{"refreshExpiresAt": time.Now().Add(2*day + time.Hour)})}), nil, "token store", broken, "ends in 2 days"},
		"a refresh token that has ended":   {with(clitest.Settings{"CONCUR_TOKEN_FILE": writeStore(t, c.URL, map[string]any{"refreshExpiresAt": time.Now().Add(-day)})}), nil, "token store", broken, "ended on"},
		"a refresh token never used":       {with(clitest.Settings{"CONCUR_TOKEN_FILE": writeStore(t, c.URL, map[string]any{"refreshExpiresAt": time.Time{}})}), nil, "token store", warned, "has not been used yet"},
		"a refresh token of unknown age":   {with(clitest.Settings{"CONCUR_TOKEN_FILE": writeStore(t, c.URL, seenAgo(40*day))}), nil, "token store", warned, "ends is unknown"},
		"one that ends soon at the latest": {with(clitest.Settings{"CONCUR_TOKEN_FILE": writeStore(t, c.URL, seenAgo(178*day))}), nil, "token store", broken, "at the latest"},
		"one that has ended by now":        {with(clitest.Settings{"CONCUR_TOKEN_FILE": writeStore(t, c.URL, map[string]any{"refreshExpiresAt": time.Time{}, "refreshFirstSeen": seenAgo(200 * day)["refreshFirstSeen"], "obtainedAt": time.Now().Add(-30 * day)})}), nil, "token store", broken, "has ended, on"},
		"one that outlives its six months": {with(clitest.Settings{"CONCUR_TOKEN_FILE": writeStore(t, c.URL, seenAgo(200*day))}), nil, "token store", warned, "still accepts it after six months"},
		"tokens that nobody renews":        {with(clitest.Settings{"CONCUR_TOKEN_FILE": writeStore(t, c.URL, map[string]any{"obtainedAt": time.Now().Add(-9 * day)})}), nil, "token store", warned, "the tokens are 9 days old"},
		"a scope that is missing":          {with(clitest.Settings{"CONCUR_TOKEN_FILE": writeStore(t, c.URL, map[string]any{"scope": "EXPRPT notif"})}), nil, "scopes", broken, "NOTIF is not granted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, ended := diagnose(t, w.env, w.args...)
			require.Equal(t, 1, ended.Code)
			says(t, found, w.check, w.state, w.says)
		})
	}
}

func TestAnAccessThatIsRefusedSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]struct {
		status      int
		token, says string
	}{
		"a role that is missing":         {http.StatusForbidden, "", "the scope NOTIF"},
		"a Concur that is down":          {http.StatusServiceUnavailable, "", "the status of Concur's service"},
		"a refresh token that has ended": {http.StatusOK, `{"error":"invalid_grant","error_description":"ended","code":108}`, "concurctl token init"},
		"an answer that cannot be read":  {http.StatusOK, "", "report it with the correlation ID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clitest.NewConcur(t)
			c.Change(func() {
				c.Status, c.List, c.Token = w.status, "<Other/>", cmp.Or(w.token, c.Token)
			})
			found, ended := diagnose(t, c.Env, "--program", "worker", "--use-refresh-token")
			require.Equal(t, 1, ended.Code)
			says(t, found, "access to Concur", broken, w.says)
		})
	}
}

func TestWhatTheAccessAllowsIsSaid(t *testing.T) {
	t.Parallel()
	c := clitest.NewConcur(t)
	c.Change(func() {
		c.Token = strings.Replace(c.Token, "EXPRPT NOTIF", "EXPRPT", 1)
		c.Sunset = "Sat, 31 Jul 2027 23:59:59 GMT"
	})
	found, _ := diagnose(t, c.Env, "--program", "worker", "--use-refresh-token")
	says(t, found, "scopes", broken, "NOTIF is not granted")
	says(t, found, "access to Concur", passed, "everybody's waiting reports")
	says(t, found, "access to Concur", passed, "The list never contains Central Reconciliation reports")
	says(t, found, "interfaces", warned, "list failed notifications: sunset Sat, 31 Jul 2027")

	c.Change(func() { c.Pending = http.StatusForbidden })
	found, _ = diagnose(t, c.Env, "--program", "worker", "--use-refresh-token")
	says(t, found, "access to Concur", warned, "Web Services Administrator to list everybody's reports")
}

func TestWhatRunsNeedOfTemporalIsLookedAt(t *testing.T) {
	t.Parallel()
	const keyword = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	all := map[string]enumspb.IndexedValueType{"ConcurReportID": keyword, "ConcurWaitingFor": keyword, "ConcurOutcome": keyword}
	sweeps := &client.ScheduleDescription{Schedule: client.Schedule{State: &client.ScheduleState{}}}
	var unswept error
	examine := func(kept time.Duration, o *clitest.Operator, pollers ...*taskqueuepb.PollerInfo) []finding {
		target, m := clitest.Deployment(t)
		m.On("OperatorService").Return(o)
		m.On("WorkflowService").Return(&clitest.Namespaces{Kept: kept})
		m.On("DescribeTaskQueue", mock.Anything, mock.Anything, enumspb.TASK_QUEUE_TYPE_WORKFLOW).
			Return(&workflowservice.DescribeTaskQueueResponse{Pollers: pollers}, nil)
		handle, schedules := &mocks.ScheduleHandle{}, &mocks.ScheduleClient{}
		handle.On("Describe", mock.Anything).Return(sweeps, unswept)
		schedules.On("GetHandle", mock.Anything, "sweep-own").Return(handle)
		m.On("ScheduleClient").Return(schedules)
		d := newDoctor()
		d.deployment(t.Context(), target)
		return d.findings
	}
	found := examine(30*day, &clitest.Operator{Attributes: all}, &taskqueuepb.PollerInfo{})
	says(t, found, "temporal", passed, "namespace finance can be reached")
	says(t, found, "retention", passed, "closed runs are kept for 30 days")
	says(t, found, "search attributes", passed, "Keyword")
	says(t, found, "workers", passed, "1 poller on the task queue own")
	says(t, found, "workers", passed, "1 poller on the task queue own-sweep")
	says(t, found, "schedule", passed, "not paused")
	sweeps.Schedule.State = &client.ScheduleState{Paused: true, Note: "lunch"}
	says(t, examine(30*day, &clitest.Operator{Attributes: all}), "schedule", warned, "is paused (lunch)")
	unswept = serviceerror.NewNotFound("none")
	says(t, examine(30*day, &clitest.Operator{Attributes: all}), "schedule", warned, "there is no sweep-own")

	found = examine(3*day, &clitest.Operator{})
	says(t, found, "retention", warned, "3 days")
	says(t, found, "search attributes", broken, "create them with concurctl bootstrap")
	says(t, found, "workers", warned, "nobody polls the task queue own")

	says(t, examine(-1, &clitest.Operator{Lists: clitest.ErrDenied}), "search attributes", warned, "bootstrap --print")
	says(t, examine(-1, &clitest.Operator{Attributes: all}), "temporal", broken, "namespace finance: ")
}

func TestTheTextOfTheDoctorHasOneLineForEachCheck(t *testing.T) {
	t.Parallel()
	d := newDoctor()
	d.ok("rules", "2 rules")
	d.warn("retention", "keep them longer", "3 days")
	d.fail("temporal", "look at it", "away")
	var text strings.Builder
	d.print(&text)
	require.Equal(t, `ok    rules      2 rules
warn  retention  3 days
                 → keep them longer
FAIL  temporal   away
                 → look at it
1 ok, 1 warn, 1 FAIL
`, text.String())
}
