package config

import "time"

// Common is what both programs read.
type Common struct {
	TaskQueue string `envconfig:"CONCUR_TASK_QUEUE" default:"concur-connector" desc:"Temporal task queue of the runs; both programs need the same"`

	InternalTLSCert   string `envconfig:"CONCUR_INTERNAL_TLS_CERT" desc:"path of the PEM certificate chain of the internal listener"`
	InternalTLSKey    string `envconfig:"CONCUR_INTERNAL_TLS_KEY" desc:"path of the PEM key of that certificate"`
	InternalPlainHTTP bool   `envconfig:"CONCUR_INTERNAL_PLAIN_HTTP" default:"false" desc:"if true, the internal listener may speak plain HTTP beyond loopback; use it only behind a TLS proxy"`

	Approvers    string `envconfig:"CONCUR_APPROVERS" desc:"path of the approvers' file; without it nobody can decide"`
	SealKeysFile string `envconfig:"CONCUR_SEAL_KEYS_FILE" desc:"path of the file with the one or two keys that seal decisions; required with CONCUR_APPROVERS; both programs need the same keys"`

	ApprovalsURL string `envconfig:"CONCUR_APPROVALS_URL" desc:"address of the approvals page, as approvers open it, such as https://approvals.example.com; the ingress then refuses requests for other hosts; required with CONCUR_MESSAGES"`

	MaxConnections int `envconfig:"CONCUR_MAX_CONNECTIONS" default:"1000" desc:"most connections that each listener keeps open; fewer if the process may not open so many files"`

	LogLevel  string `envconfig:"CONCUR_LOG_LEVEL" default:"info" desc:"debug, info, warn or error"`
	LogFormat string `envconfig:"CONCUR_LOG_FORMAT" default:"json" desc:"json or text"`
}

// Ingress is the configuration of the ingress.
type Ingress struct {
	Common
	Identity

	Listen         string `envconfig:"CONCUR_LISTEN" default:":8443" desc:"host:port that Concur calls"`
	InternalListen string `envconfig:"CONCUR_INTERNAL_LISTEN" default:"127.0.0.1:8081" desc:"host:port for health checks; beyond loopback it needs TLS or CONCUR_INTERNAL_PLAIN_HTTP"`
	NotifyPath     string `envconfig:"CONCUR_NOTIFY_PATH" default:"/concur/v1.0/notify" desc:"path of the callout, as registered in Concur"`

	ApprovalsListen    string `envconfig:"CONCUR_APPROVALS_LISTEN" default:"127.0.0.1:8083" desc:"host:port for approvers; beyond loopback it needs TLS or CONCUR_APPROVALS_PLAIN_HTTP"`
	ApprovalsTLSCert   string `envconfig:"CONCUR_APPROVALS_TLS_CERT" desc:"path of the PEM certificate chain of the listener for approvers"`
	ApprovalsTLSKey    string `envconfig:"CONCUR_APPROVALS_TLS_KEY" desc:"path of the PEM key of that certificate"`
	ApprovalsPlainHTTP bool   `envconfig:"CONCUR_APPROVALS_PLAIN_HTTP" default:"false" desc:"if true, the listener for approvers may speak plain HTTP beyond loopback; use it only behind a TLS proxy"`

	CalloutUser      Secret `envconfig:"CONCUR_CALLOUT_USER" required:"true" desc:"user name that Concur sends; 10 to 49 characters, no colon"`
	CalloutPassword  Secret `envconfig:"CONCUR_CALLOUT_PASSWORD" required:"true" desc:"password that Concur sends; 10 to 49 characters"`
	CalloutUser2     Secret `envconfig:"CONCUR_CALLOUT_USER_2" desc:"user name of a second valid pair, for the time in which the password is changed"`
	CalloutPassword2 Secret `envconfig:"CONCUR_CALLOUT_PASSWORD_2" desc:"password of the second pair"`

	TLSCert   string `envconfig:"CONCUR_TLS_CERT" desc:"path of the PEM certificate chain of the public listener; the ingress reads the file again when it changes"`
	TLSKey    string `envconfig:"CONCUR_TLS_KEY" desc:"path of the PEM key of that certificate"`
	PlainHTTP bool   `envconfig:"CONCUR_PLAIN_HTTP" default:"false" desc:"if true, the public listener speaks plain HTTP; use it only behind a TLS proxy"`
}

// Identity is how the ingress identifies approvers who have no token of the approvers' file.
type Identity struct {
	ApproverGroups []string `envconfig:"CONCUR_APPROVER_GROUPS" desc:"groups of the OpenID provider or the proxy that are groups of approvers, separated by commas; all others are ignored"`

	OIDCIssuer       string   `envconfig:"CONCUR_OIDC_ISSUER" desc:"issuer of the OpenID provider, such as https://login.example.com; without it nobody signs in by OpenID Connect"`
	OIDCClientID     string   `envconfig:"CONCUR_OIDC_CLIENT_ID" desc:"ID of the connector at the OpenID provider"`
	OIDCClientSecret Secret   `envconfig:"CONCUR_OIDC_CLIENT_SECRET" desc:"secret of the connector at the OpenID provider; empty for a public client"`
	OIDCAudience     string   `envconfig:"CONCUR_OIDC_AUDIENCE" desc:"audience that a bearer token of the OpenID provider must have; CONCUR_OIDC_CLIENT_ID if empty"`
	OIDCScopes       []string `envconfig:"CONCUR_OIDC_SCOPES" default:"email,profile" desc:"scopes to ask for beside openid, separated by commas"`
	OIDCLoginClaim   string   `envconfig:"CONCUR_OIDC_LOGIN_CLAIM" default:"email" desc:"claim with the person's Concur login or e-mail address; email counts only together with email_verified"`
	OIDCGroupClaim   string   `envconfig:"CONCUR_OIDC_GROUP_CLAIM" desc:"claim with the person's groups; if empty, only people of the approvers' file may sign in"`
	OIDCCA           string   `envconfig:"CONCUR_OIDC_CA" desc:"path of PEM certificates to trust for the OpenID provider, in addition to the system's"`

	ProxyUserHeader   string   `envconfig:"CONCUR_PROXY_USER_HEADER" desc:"header in which a single sign-on proxy names the person by their Concur login or e-mail address, such as X-Forwarded-Email; without it no proxy is trusted"`
	ProxyGroupHeader  string   `envconfig:"CONCUR_PROXY_GROUP_HEADER" desc:"header in which the proxy names the person's groups, separated by commas"`
	ProxySecretHeader string   `envconfig:"CONCUR_PROXY_SECRET_HEADER" default:"X-Proxy-Secret" desc:"header in which the proxy sends its secret"`
	ProxySecret       Secret   `envconfig:"CONCUR_PROXY_SECRET" desc:"secret by which the proxy proves itself; 32 to 256 characters"`
	ProxySecret2      Secret   `envconfig:"CONCUR_PROXY_SECRET_2" desc:"second secret of the proxy, for the time in which the secret is changed"`
	ProxyCA           string   `envconfig:"CONCUR_PROXY_CA" desc:"path of PEM certificates of the authorities that sign the proxy's client certificate"`
	ProxyNames        []string `envconfig:"CONCUR_PROXY_NAMES" desc:"names of client certificates by which the proxy proves itself: common name, DNS name, URI or e-mail address, separated by commas"`
}

// Worker is the configuration of the worker.
type Worker struct {
	Common

	InternalListen string `envconfig:"CONCUR_INTERNAL_LISTEN" default:"127.0.0.1:8082" desc:"host:port for health checks; beyond loopback it needs TLS or CONCUR_INTERNAL_PLAIN_HTTP"`

	Geolocation    string   `envconfig:"CONCUR_GEOLOCATION" required:"true" desc:"base URL of the company's Concur, such as https://us2.api.concursolutions.com; only this host receives a token"`
	ClientID       Secret   `envconfig:"CONCUR_CLIENT_ID" required:"true" desc:"ID of the application registered with Concur"`
	ClientSecret   Secret   `envconfig:"CONCUR_CLIENT_SECRET" required:"true" desc:"secret of that application"`
	RefreshToken   Secret   `envconfig:"CONCUR_REFRESH_TOKEN" desc:"refresh token of the company; required without CONCUR_TOKEN_FILE; with it, the token begins a store that does not exist yet"`
	TrustedHosts   []string `envconfig:"CONCUR_TRUSTED_HOSTS" desc:"further hosts whose URLs the connector trusts when Concur sends them: host or host:port, separated by commas"`
	CA             string   `envconfig:"CONCUR_CA" desc:"path of PEM certificates to trust in addition to the system's"`
	Rules          string   `envconfig:"CONCUR_RULES" required:"true" desc:"path of the rules file"`
	MaxReportBytes int      `envconfig:"CONCUR_MAX_REPORT_BYTES" default:"1572864" desc:"size in bytes of the largest report that a run stores; a larger report waits for an operator"`

	RulesReloadInterval time.Duration `envconfig:"CONCUR_RULES_RELOAD_INTERVAL" default:"10s" desc:"how often the worker checks whether the rules file or one of its lists has changed; 0 turns this off"`

	ClientSecret2 Secret        `envconfig:"CONCUR_CLIENT_SECRET_2" desc:"second secret of the application; the connector tries it when Concur refuses the first"`
	TokenFile     string        `envconfig:"CONCUR_TOKEN_FILE" desc:"path of the token store, in a writable folder; without it, tokens that Concur replaces are lost when the process ends"`
	TokenWarning  time.Duration `envconfig:"CONCUR_TOKEN_WARNING" default:"720h" desc:"how long before the refresh token ends the worker begins to log warnings; in the last week it logs errors"`
	AuthScheme    string        `envconfig:"CONCUR_AUTH_SCHEME" default:"Bearer" desc:"scheme of the Authorization header: Bearer, or OAuth for tokens made before 2017"`

	FactHosts   []string      `envconfig:"CONCUR_FACT_HOSTS" desc:"hosts that rules may ask for facts: host or host:port, separated by commas"`
	FactSecret  Secret        `envconfig:"CONCUR_FACT_SECRET" desc:"secret that signs requests for facts: whsec_ and 24 to 64 bytes in base64; required when the rules ask for facts"`
	FactSecret2 Secret        `envconfig:"CONCUR_FACT_SECRET_2" desc:"second secret that also signs requests for facts, for the time in which the secret is changed"`
	FactTimeout time.Duration `envconfig:"CONCUR_FACT_TIMEOUT" default:"10s" desc:"timeout of one request for facts; after it the worker retries"`
	FactCA      string        `envconfig:"CONCUR_FACT_CA" desc:"path of PEM certificates to trust for the hosts that answer facts, in addition to the system's"`

	Messages     string   `envconfig:"CONCUR_MESSAGES" desc:"path of the file that says how approvers are told about tasks; without it nobody is told"`
	MessageHosts []string `envconfig:"CONCUR_MESSAGE_HOSTS" desc:"hosts of the webhooks and mail servers that may get messages to approvers: host or host:port, separated by commas"`
	MessageCA    string   `envconfig:"CONCUR_MESSAGE_CA" desc:"path of PEM certificates to trust for these hosts, in addition to the system's"`

	ReportURL  string `envconfig:"CONCUR_REPORT_URL" default:"https://www.concursolutions.com/goto/expense-report/{reportId}" desc:"address that opens a report in Concur, for approvers, with {reportId} in place of its ID; or none"`
	RequestURL string `envconfig:"CONCUR_REQUEST_URL" default:"https://www.concursolutions.com/goto/travel-request/{requestId}" desc:"address that opens a travel request in Concur, for approvers, with {requestId} in place of its ID; or none"`

	RecordFile    string `envconfig:"CONCUR_RECORD_FILE" desc:"path of the file to which the worker adds the record of decisions; a run ends only once its record is stored"`
	RecordURL     string `envconfig:"CONCUR_RECORD_URL" desc:"address to which the worker sends the record of decisions; a run ends only once its record is stored"`
	RecordSecret  Secret `envconfig:"CONCUR_RECORD_SECRET" desc:"secret that signs the record that is sent: whsec_ and 24 to 64 bytes in base64; required with CONCUR_RECORD_URL"`
	RecordSecret2 Secret `envconfig:"CONCUR_RECORD_SECRET_2" desc:"second secret that also signs the record, for the time in which the secret is changed"`
	RecordCA      string `envconfig:"CONCUR_RECORD_CA" desc:"path of PEM certificates to trust for the host of CONCUR_RECORD_URL, in addition to the system's"`

	Interface      string `envconfig:"CONCUR_INTERFACE" default:"v1.1" desc:"interface for reports that a callout names: v1.1; v3+v4, which reads by v3 and acts by v4; or v4"`
	Fallback       bool   `envconfig:"CONCUR_FALLBACK" default:"false" desc:"if true, use v1.1 for a report that Concur refuses to show, or to show in full, through CONCUR_INTERFACE"`
	StepGuard      string `envconfig:"CONCUR_STEP_GUARD" default:"expectedStepCode=EXTVAL" desc:"what Concur compares with the report's step before an action by v4: field=value, several separated by commas; or none"`
	AmbiguousSteps string `envconfig:"CONCUR_AMBIGUOUS_STEPS" default:"park" desc:"what to do by v4 when the rules file names several steps, the step guard fits each, and v1.1 does not show the report's step: park, for an operator; or act"`
	ReadSteps      bool   `envconfig:"CONCUR_READ_STEPS" default:"true" desc:"if true, v3+v4 and v4 also ask v1.1 for the step of a report that a callout names; only v1.1 distinguishes two external validations"`

	RequestsPerSecond float64 `envconfig:"CONCUR_REQUESTS_PER_SECOND" default:"20" desc:"most requests to Concur in a second, by all workers together and by each worker"`

	CachedRuns int `envconfig:"CONCUR_CACHED_RUNS" default:"500" desc:"how many runs a worker keeps in memory; it reads any other run from Temporal when that run continues"`

	Writes             string   `envconfig:"CONCUR_WRITES" default:"on" desc:"whether the connector writes to Concur: on; dry-run, which only says what it would write; or off, which parks a run that is about to write"`
	TestUsers          []string `envconfig:"CONCUR_TEST_USERS" desc:"logins of test users, separated by commas; only their reports are written to, all others get a dry run"`
	SendBackLimit      int      `envconfig:"CONCUR_SENDBACK_LIMIT" default:"100" desc:"most reports that the rules may send back in an hour; further ones wait for an operator; 0 turns this limit off"`
	SendBackShareLimit float64  `envconfig:"CONCUR_SENDBACK_SHARE_LIMIT" default:"0" desc:"largest share of the rules' decisions in an hour that may be send-backs, once there are 20 decisions; further send-backs wait for an operator; 0 turns this limit off"`

	SweepMode     string        `envconfig:"CONCUR_SWEEP_MODE" default:"act" desc:"what the sweep does with reports that no callout delivered: act starts their runs, read-only only reports them, off turns the sweep off"`
	SweepInterval time.Duration `envconfig:"CONCUR_SWEEP_INTERVAL" default:"15m" desc:"how often the sweep runs"`
	MissedAfter   time.Duration `envconfig:"CONCUR_MISSED_AFTER" default:"1h" desc:"how long a report may wait in Concur without a run before the sweep logs a warning and starts one"`
	OwnSteps      []string      `envconfig:"CONCUR_OWN_STEPS" default:"announced" desc:"which external validations belong to this deployment, for reports that no callout delivered: announced, those that callouts or an operator have named; policy:ID and event:NAME, separated by commas, with a comma in a name written as %2C; or all, if there is no other connector"`
	SweepShare    float64       `envconfig:"CONCUR_SWEEP_SHARE" default:"0.3" desc:"share of CONCUR_REQUESTS_PER_SECOND that runs started by a sweep may use; the rest is for callouts"`

	RequestTimeout    time.Duration `envconfig:"CONCUR_REQUEST_TIMEOUT" default:"60s" desc:"timeout of one request to Concur"`
	HeartbeatTimeout  time.Duration `envconfig:"CONCUR_HEARTBEAT_TIMEOUT" default:"15s" desc:"how long an activity may send no heartbeat before Temporal considers its worker lost and retries"`
	RetryInterval     time.Duration `envconfig:"CONCUR_RETRY_INTERVAL" default:"2s" desc:"delay before the first retry; it doubles with each retry"`
	RetryMaxInterval  time.Duration `envconfig:"CONCUR_RETRY_MAX_INTERVAL" default:"5m" desc:"longest delay between retries"`
	OutageDelay       time.Duration `envconfig:"CONCUR_OUTAGE_DELAY" default:"5m" desc:"delay before a retry after Concur answered 503 or did not answer"`
	UnauthorizedDelay time.Duration `envconfig:"CONCUR_UNAUTHORIZED_DELAY" default:"1h" desc:"delay before a retry after Concur refused the application's token"`
	RereadDelay       time.Duration `envconfig:"CONCUR_REREAD_DELAY" default:"30s" desc:"delay before the next read after an answer that is unreadable or incomplete"`
	WriteCheckDelay   time.Duration `envconfig:"CONCUR_WRITE_CHECK_DELAY" default:"5s" desc:"delay before the worker first checks whether Concur shows a write; it doubles with each check"`
	VisibleWithin     time.Duration `envconfig:"CONCUR_WRITE_VISIBLE_WITHIN" default:"1m" desc:"how long Concur may take to show a write that it has accepted; until then the worker reads again and does not repeat the write"`
	EventTypeDelay    time.Duration `envconfig:"CONCUR_EVENT_TYPE_DELAY" default:"5m" desc:"how long a run waits for a second notification that could contradict the only one that named the step, before an effect that depends on that name"`
	ReadAgainAfter    time.Duration `envconfig:"CONCUR_READ_AGAIN_AFTER" default:"5m" desc:"age at which the read of a report or travel request that v1.1 does not show must be repeated in full before a write; after a person was asked, it is always repeated"`
	ConfirmDelay      time.Duration `envconfig:"CONCUR_CONFIRM_DELAY" default:"1m" desc:"delay before a second check: whether a report is really gone, or whether a run handles a report that a sweep has found"`

	ParkedRetryDelays []time.Duration `envconfig:"CONCUR_PARKED_RETRY_DELAYS" default:"10m,1h,24h" desc:"delays before a parked run retries by itself; the last one repeats"`
}

// Concurctl is what concurctl reads beside the variables of the programs it looks
// after.
type Concurctl struct {
	RequestToken Secret `envconfig:"CONCUR_REQUEST_TOKEN" desc:"company request token for concurctl token init, valid for 24 hours; without it concurctl reads the token from standard input"`
}
