package concur

// OnStoreStep has every step of the client's token store done by f.
func (c *Client) OnStoreStep(f func(step string, do func() error) error) { c.tokens.store.perform = f }
