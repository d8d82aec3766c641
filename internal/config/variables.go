package config

import "time"

// Common is what both programs read.
type Common struct {
	TaskQueue string `envconfig:"CONCUR_TASK_QUEUE" default:"concur-connector" desc:"Temporal task queue of the runs; both programs need the same"`

	InternalTLSCert   string `envconfig:"CONCUR_INTERNAL_TLS_CERT" desc:"path of the PEM certificate chain of the internal listener"`
	InternalTLSKey    string `envconfig:"CONCUR_INTERNAL_TLS_KEY" desc:"path of the PEM key of that certificate"`
	InternalPlainHTTP bool   `envconfig:"CONCUR_INTERNAL_PLAIN_HTTP" default:"false" desc:"true lets the internal listener speak plain HTTP beyond loopback, for use behind a TLS proxy"`

	MaxConnections int `envconfig:"CONCUR_MAX_CONNECTIONS" default:"1000" desc:"connections that each listener keeps open at most; fewer where the process may not open so many files"`

	LogLevel  string `envconfig:"CONCUR_LOG_LEVEL" default:"info" desc:"debug, info, warn or error"`
	LogFormat string `envconfig:"CONCUR_LOG_FORMAT" default:"json" desc:"json or text"`
}

// Ingress is the configuration of the ingress.
type Ingress struct {
	Common

	Listen         string `envconfig:"CONCUR_LISTEN" default:":8443" desc:"host:port that Concur reaches"`
	InternalListen string `envconfig:"CONCUR_INTERNAL_LISTEN" default:"127.0.0.1:8081" desc:"host:port of health, and of approvals in the ingress; beyond loopback it needs TLS or CONCUR_INTERNAL_PLAIN_HTTP"`
	NotifyPath     string `envconfig:"CONCUR_NOTIFY_PATH" default:"/concur/v1.0/notify" desc:"path of the callout, as registered in Concur"`

	CalloutUser      Secret `envconfig:"CONCUR_CALLOUT_USER" required:"true" desc:"user name that Concur sends; 10 to 49 characters, no colon"`
	CalloutPassword  Secret `envconfig:"CONCUR_CALLOUT_PASSWORD" required:"true" desc:"password that Concur sends; 10 to 49 characters"`
	CalloutUser2     Secret `envconfig:"CONCUR_CALLOUT_USER_2" desc:"user name of a second pair that is valid too, while a password is changed"`
	CalloutPassword2 Secret `envconfig:"CONCUR_CALLOUT_PASSWORD_2" desc:"password of the second pair"`

	TLSCert   string `envconfig:"CONCUR_TLS_CERT" desc:"path of the PEM certificate chain of the public listener; read again when it changes"`
	TLSKey    string `envconfig:"CONCUR_TLS_KEY" desc:"path of the PEM key of that certificate"`
	PlainHTTP bool   `envconfig:"CONCUR_PLAIN_HTTP" default:"false" desc:"true makes the public listener speak plain HTTP, for use behind a TLS proxy only"`

	Approvers string `envconfig:"CONCUR_APPROVERS" desc:"path of the approvers' file; without it nobody can decide over HTTP"`
}

// Worker is the configuration of the worker.
type Worker struct {
	Common

	InternalListen string `envconfig:"CONCUR_INTERNAL_LISTEN" default:"127.0.0.1:8082" desc:"host:port of health, and of approvals in the ingress; beyond loopback it needs TLS or CONCUR_INTERNAL_PLAIN_HTTP"`

	Geolocation    string   `envconfig:"CONCUR_GEOLOCATION" required:"true" desc:"base URL of the company's Concur, such as https://us2.api.concursolutions.com; the only host that receives a token"`
	ClientID       Secret   `envconfig:"CONCUR_CLIENT_ID" required:"true" desc:"ID of the application registered with Concur"`
	ClientSecret   Secret   `envconfig:"CONCUR_CLIENT_SECRET" required:"true" desc:"secret of that application"`
	RefreshToken   Secret   `envconfig:"CONCUR_REFRESH_TOKEN" desc:"refresh token of the company; required without CONCUR_TOKEN_FILE, else it begins a token store that does not exist"`
	TrustedHosts   []string `envconfig:"CONCUR_TRUSTED_HOSTS" desc:"more hosts, host or host:port, whose URLs are believed in what Concur sends; separated by commas"`
	CA             string   `envconfig:"CONCUR_CA" desc:"path of PEM certificates that are trusted besides the system's"`
	Rules          string   `envconfig:"CONCUR_RULES" required:"true" desc:"path of the rules file"`
	MaxReportBytes int      `envconfig:"CONCUR_MAX_REPORT_BYTES" default:"1572864" desc:"largest report in bytes, as it is stored; a larger one waits for an operator"`

	RulesReloadInterval time.Duration `envconfig:"CONCUR_RULES_RELOAD_INTERVAL" default:"10s" desc:"how often it is looked whether the rules file, or a list beside it, has changed; 0 is never"`

	ClientSecret2 Secret        `envconfig:"CONCUR_CLIENT_SECRET_2" desc:"second secret of the application, tried when Concur refuses the first, while it is changed"`
	TokenFile     string        `envconfig:"CONCUR_TOKEN_FILE" desc:"path of the token store, in a folder that can be written; without it what Concur renews is lost with the process"`
	TokenWarning  time.Duration `envconfig:"CONCUR_TOKEN_WARNING" default:"720h" desc:"how long before its end the refresh token is warned of; in the last week it is an error in any case"`
	AuthScheme    string        `envconfig:"CONCUR_AUTH_SCHEME" default:"Bearer" desc:"scheme of the Authorization header: Bearer, or OAuth for tokens from before 2017"`

	FactHosts   []string      `envconfig:"CONCUR_FACT_HOSTS" desc:"hosts of the company's own systems, host or host:port, that the rules may ask for facts; separated by commas"`
	FactSecret  Secret        `envconfig:"CONCUR_FACT_SECRET" desc:"secret that questions for facts are signed with: whsec_ and 24 to 64 bytes in base64; required when the rules ask for facts"`
	FactSecret2 Secret        `envconfig:"CONCUR_FACT_SECRET_2" desc:"second secret that they are signed with, too, while it is changed"`
	FactTimeout time.Duration `envconfig:"CONCUR_FACT_TIMEOUT" default:"10s" desc:"how long a system that is asked for facts may take to answer one request; then it is asked again"`
	FactCA      string        `envconfig:"CONCUR_FACT_CA" desc:"path of PEM certificates that are trusted for the systems that are asked for facts, besides the machine's own"`

	Interface      string `envconfig:"CONCUR_INTERFACE" default:"v1.1" desc:"interface by which a report that a callout names is read and acted on: v1.1; v3+v4, read by v3 and acted on by v4; or v4"`
	Fallback       bool   `envconfig:"CONCUR_FALLBACK" default:"false" desc:"true has a report read and acted on by v1.1 whenever CONCUR_INTERFACE is another and Concur refuses to show the report by it, or does not show all of it"`
	StepGuard      string `envconfig:"CONCUR_STEP_GUARD" default:"expectedStepCode=EXTVAL" desc:"what Concur compares with the report's step before it acts by v4: field=value, several separated by commas; or none"`
	AmbiguousSteps string `envconfig:"CONCUR_AMBIGUOUS_STEPS" default:"park" desc:"what to do by v4 with a report whose step v1.1 does not show, when the rules file names several stops and the step guard fits each: park, for an operator; or act"`
	ReadSteps      bool   `envconfig:"CONCUR_READ_STEPS" default:"true" desc:"true has v1.1 asked, by v3+v4 and v4, for the step of a report that a callout names: only v1.1 tells two external validations apart"`

	RequestsPerSecond float64 `envconfig:"CONCUR_REQUESTS_PER_SECOND" default:"20" desc:"requests to Concur per second, those of all workers together; no one of them sends more, either"`

	CachedRuns int `envconfig:"CONCUR_CACHED_RUNS" default:"500" desc:"runs that a worker keeps in memory; any other is read again from Temporal when it goes on"`

	Writes             string   `envconfig:"CONCUR_WRITES" default:"on" desc:"what is written to Concur: on; dry-run, where it is only shown; or off, where it waits for an operator"`
	TestUsers          []string `envconfig:"CONCUR_TEST_USERS" desc:"logins of the employees whose reports alone are written to; the others' are only shown; separated by commas"`
	SendBackLimit      int      `envconfig:"CONCUR_SENDBACK_LIMIT" default:"100" desc:"how many reports the rules may send back in an hour; further ones wait for an operator; 0 is any number"`
	SendBackShareLimit float64  `envconfig:"CONCUR_SENDBACK_SHARE_LIMIT" default:"0" desc:"share of what the rules decide in an hour, 20 decisions or more, that may be send-backs; further ones wait for an operator; 0 is any share"`

	SweepMode     string        `envconfig:"CONCUR_SWEEP_MODE" default:"act" desc:"sweep of the notifications that Concur could not deliver: act, read-only or off"`
	SweepInterval time.Duration `envconfig:"CONCUR_SWEEP_INTERVAL" default:"15m" desc:"how often the sweep is made"`
	MissedAfter   time.Duration `envconfig:"CONCUR_MISSED_AFTER" default:"1h" desc:"after this time a report that waits in Concur and that no run knows of is missed, loud, and taken up"`
	OwnSteps      []string      `envconfig:"CONCUR_OWN_STEPS" default:"announced" desc:"external validations that are this deployment's, among what no callout has told of: announced, those that callouts or an operator have named; policy:ID and event:NAME, separated by commas, a comma in a name written as %2C; or all, where there is no other connector"`
	SweepShare    float64       `envconfig:"CONCUR_SWEEP_SHARE" default:"0.3" desc:"part of CONCUR_REQUESTS_PER_SECOND that the runs of a sweep may use; callouts have the rest"`

	RequestTimeout    time.Duration `envconfig:"CONCUR_REQUEST_TIMEOUT" default:"60s" desc:"how long Concur may take to answer one request"`
	HeartbeatTimeout  time.Duration `envconfig:"CONCUR_HEARTBEAT_TIMEOUT" default:"15s" desc:"after this silence the attempt of a lost worker is retried"`
	RetryInterval     time.Duration `envconfig:"CONCUR_RETRY_INTERVAL" default:"2s" desc:"first delay before a retry; it doubles"`
	RetryMaxInterval  time.Duration `envconfig:"CONCUR_RETRY_MAX_INTERVAL" default:"5m" desc:"longest delay before a retry"`
	OutageDelay       time.Duration `envconfig:"CONCUR_OUTAGE_DELAY" default:"5m" desc:"delay after a 503 or an answer that did not come"`
	UnauthorizedDelay time.Duration `envconfig:"CONCUR_UNAUTHORIZED_DELAY" default:"1h" desc:"delay after Concur refused the application's access"`
	RereadDelay       time.Duration `envconfig:"CONCUR_REREAD_DELAY" default:"30s" desc:"delay after an answer that could not be read, or that does not hold what Concur claims"`
	WriteCheckDelay   time.Duration `envconfig:"CONCUR_WRITE_CHECK_DELAY" default:"5s" desc:"first delay before it is looked again whether Concur shows a write; it doubles"`
	VisibleWithin     time.Duration `envconfig:"CONCUR_WRITE_VISIBLE_WITHIN" default:"1m" desc:"how long Concur may take until it shows a write that it has answered: for so long it is read again, and no write is made again because it is not shown"`
	EventTypeDelay    time.Duration `envconfig:"CONCUR_EVENT_TYPE_DELAY" default:"5m" desc:"how long a run waits for a notification that contradicts the only callout that has named a stop, before it does what it would not do without that name"`
	ReadAgainAfter    time.Duration `envconfig:"CONCUR_READ_AGAIN_AFTER" default:"5m" desc:"age of a read after which a report, or a travel request, is read whole once more before it is written to, where v1.1 does not show it; after a person was asked it always is"`
	ConfirmDelay      time.Duration `envconfig:"CONCUR_CONFIRM_DELAY" default:"1m" desc:"delay before a second look: at a report that Concur says is gone, and at whether another run sees to a report that a sweep has found"`

	ParkedRetryDelays []time.Duration `envconfig:"CONCUR_PARKED_RETRY_DELAYS" default:"10m,1h,24h" desc:"delays after which a parked run tries again by itself; the last one repeats"`
}

// Concurctl is what concurctl reads beside the variables of the programs it looks
// after.
type Concurctl struct {
	RequestToken Secret `envconfig:"CONCUR_REQUEST_TOKEN" desc:"request token of the company for token init, good for 24 hours; without it the token is read from standard input"`
}
