/** Positions of each cluster's members, clusters in order of their label (the position of the smallest member). */
export function clusterGroups(cluster: Int32Array): { label: number; members: Int32Array }[] {
  const sizes = new Int32Array(cluster.length);
  for (const label of cluster) sizes[label]! += 1;
  const starts = new Int32Array(cluster.length + 1);
  for (let i = 0; i < cluster.length; i++) starts[i + 1] = starts[i]! + sizes[i]!;
  const fill = starts.slice();
  const members = new Int32Array(cluster.length);
  for (let i = 0; i < cluster.length; i++) members[fill[cluster[i]!]!++] = i;
  const groups: { label: number; members: Int32Array }[] = [];
  for (let label = 0; label < cluster.length; label++) {
    if (sizes[label]! > 0) groups.push({ label, members: members.subarray(starts[label]!, starts[label + 1]!) });
  }
  return groups;
}
