// Package notify tells approvers about tasks: by signed webhooks, Slack, Microsoft Teams and
// e-mail. A message contains a link to the approvals page and the fields that the configuration
// names. docs/notifications.md describes the configuration and the messages.
package notify
