import type { Connector } from '#libs/connector-sdk/connector';
import { isPolled, openSource } from '#libs/connector-sdk/open-source';
import type { ConnectionParts } from '#libs/connector-sdk/open-target';
import type { LiveSource } from '#libs/connector-sdk/live-source';
import type { TargetChannel } from '#libs/connector-sdk/target-channel';

/**
 * The channel with a way to read one record back, where it has none of its own and the system's read side can be asked for one:
 * after a conflict the newer record is taken in at once, and the write is worked out again.
 */
export function withReadBack(connector: Connector, channel: TargetChannel, parts: ConnectionParts): TargetChannel {
  if (channel.readBack !== undefined) return channel;
  const source = readSide(connector, parts);
  if (source?.readOne === undefined) return channel;
  const readable: TargetChannel = {
    maxItems: channel.maxItems,
    write: (items, signal, note) => channel.write(items, signal, note),
    readBack: (naturalKey, signal) => source.readOne!(naturalKey, signal),
    ...(channel.acknowledged !== undefined && { acknowledged: (tokens, signal) => channel.acknowledged!(tokens, signal) }),
    close: async () => {
      await source.close();
      await channel.close?.();
    },
  };
  return readable;
}

/** The first of a system's read sides that can be asked for everything, or for one record; undefined when it only pushes. */
export function readSide(connector: Connector, parts: ConnectionParts): LiveSource | undefined {
  const sources = connector.manifest.live.filter(isPolled).map((spec) => openSource(connector, spec, parts));
  return sources.find((s) => s.readAll !== undefined) ?? sources.find((s) => s.readOne !== undefined);
}
