package runs

import (
	"context"
	"errors"
	"fmt"
	"io"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/cmd/concurctl/decode"

	"github.com/spf13/cobra"

	"concur-connector/concur"
	"concur-connector/expense"
)

func failedCommand() *cobra.Command {
	return cli.Group("failed-notifications", "Handle the notifications that Concur could not deliver",
		`Concur keeps each notification that it could not deliver in its failed list until somebody
deletes the entry. These commands show the list, start runs for its notifications, and
delete entries for which no run is wanted.`,
		`  concurctl failed-notifications list
  concurctl failed-notifications sweep --read-only`,
		failedListCommand(), failedSweepCommand(), failedDeleteCommand())
}

func failedListCommand() *cobra.Command {
	var useRefreshToken bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the notifications that Concur could not deliver",
		Long: `Asks Concur for its list of failed notifications, with the worker's configuration
(CONCUR_GEOLOCATION, CONCUR_CLIENT_ID and so on), and prints it. Entries that cannot be
read are listed with the reason; only a person deletes them.

Concur may replace the refresh token when it is used. Run this with the worker's token
store (CONCUR_TOKEN_FILE), so that the worker has the new one, too.`,
		Example: `  concurctl failed-notifications list
  concurctl failed-notifications list -o json | jq '.notifications | length'`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := cli.ConnectConcur(cmd.ErrOrStderr(), useRefreshToken)
			if err != nil {
				return err
			}
			defer client.Close()
			bar := cli.NewProgress(cmd.ErrOrStderr(), "reading the failed list", 0)
			list, err := listFailed(cmd.Context(), client, bar)
			bar.End()
			if err != nil {
				return err
			}
			return cli.Show(cmd, list, func(w io.Writer) { printFailedList(w, list) })
		},
	}
	refreshTokenFlag(cmd, &useRefreshToken)
	return cmd
}

func refreshTokenFlag(cmd *cobra.Command, use *bool) {
	cmd.Flags().BoolVar(use, "use-refresh-token", false, "ask Concur even without a token store")
}

func listFailed(ctx context.Context, client *concur.Client, bar *cli.Progress) (decode.FailedList, error) {
	var list decode.FailedList
	err := client.AllFailedNotifications(ctx, func() func(concur.FailedItem) error {
		list = decode.FailedList{Notifications: []decode.Notification{}, Strange: []expense.UnreadableEntry{}}
		return func(item concur.FailedItem) error {
			list.Add(item)
			bar.Step()
			return nil
		}
	})
	return list, err
}

func printFailedList(w io.Writer, v decode.FailedList) {
	if len(v.Notifications)+len(v.Strange) == 0 {
		fmt.Fprintln(w, "the failed list is empty")
		return
	}
	var rows [][]string
	for _, n := range v.Notifications {
		rows = append(rows, []string{n.ID, n.EventDateTime, n.NotificationURI})
	}
	for _, q := range v.Strange {
		uri := q.NotificationURI
		if uri == "" {
			uri = "(none)"
		}
		rows = append(rows, []string{"(cannot be understood: " + q.Reason + ")", "", uri})
	}
	cli.Table(w, []string{"NOTIFICATION", "EVENT", "ENTRY"}, rows)
}

func failedDeleteCommand() *cobra.Command {
	var yes, useRefreshToken bool
	cmd := &cobra.Command{
		Use:   "delete URI...",
		Short: "Delete entries of the failed list, for good",
		Long: `Deletes entries of Concur's failed list by their URIs, as failed list prints them.
Concur cannot restore an entry, and no run is started: this is for entries for which no
run is wanted. A run deletes its own entries at its end.

Every URI is checked before the first entry is deleted. An entry that no longer exists
counts as deleted. Nothing is deleted unless CONCUR_WRITES is on.`,
		Example: `  concurctl failed-notifications delete --yes 'https://www.concursolutions.com/api/platform/notifications/v1.0/notification/nKEY$pX'`,
		RunE: func(cmd *cobra.Command, uris []string) error {
			if len(uris) == 0 {
				return errors.New("give the URIs of the entries to delete, as failed list prints them")
			}
			if err := cli.RequireWrites(); err != nil {
				return fmt.Errorf("nothing was deleted: %w", err)
			}
			client, err := cli.ConnectConcur(cmd.ErrOrStderr(), useRefreshToken)
			if err != nil {
				return err
			}
			defer client.Close()
			for _, uri := range uris {
				if err := client.CheckURL(concur.NotificationURI, uri); err != nil {
					return fmt.Errorf("nothing was deleted: %w", err)
				}
			}
			if !yes {
				return fmt.Errorf("%s would be deleted, and Concur cannot bring any back: say --yes if that is meant", cli.Count(len(uris), "entry"))
			}
			bar := cli.NewProgress(cmd.ErrOrStderr(), "deleting", len(uris))
			result := deleteFailed(cmd.Context(), client, uris, bar)
			bar.End()
			if err := cli.Show(cmd, result, result.print); err != nil {
				return err
			}
			return result.err()
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "delete, and do not ask")
	refreshTokenFlag(cmd, &useRefreshToken)
	return cmd
}

// deleted is what became of each entry.
type deleted struct {
	Deleted []string  `json:"deleted"`
	Failed  []failure `json:"failed"`
}

// deleteFailed deletes one entry after the other. One that cannot be deleted does
// not keep the others.
func deleteFailed(ctx context.Context, client *concur.Client, uris []string, bar *cli.Progress) deleted {
	result := deleted{Deleted: []string{}, Failed: []failure{}}
	for _, uri := range uris {
		if err := client.EnsureDeleted(ctx, uri); err != nil {
			result.Failed = append(result.Failed, failure{ID: uri, Why: err.Error()})
		} else {
			result.Deleted = append(result.Deleted, uri)
		}
		bar.Step()
	}
	return result
}

func (d deleted) print(w io.Writer) {
	for _, f := range d.Failed {
		fmt.Fprintf(w, "failed  %s: %s\n", cli.Plain(f.ID), cli.Plain(f.Why))
	}
	fmt.Fprintf(w, "%d deleted, %d failed\n", len(d.Deleted), len(d.Failed))
}

func (d deleted) err() error {
	if len(d.Failed) == 0 {
		return nil
	}
	return fmt.Errorf("%s could not be deleted: %s", cli.Count(len(d.Failed), "entry"), d.Failed[0].Why)
}
