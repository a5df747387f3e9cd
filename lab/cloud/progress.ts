/** Gets one line for each step, and one now and then while a step is long. */
export type Progress = (line: string) => void;

/** A step's own remark on how far it is, shown in its next line. */
export type Note = (remark: string) => void;

/** Runs one step: says that it goes on after 2 s and then every 10 s, and how long it took. */
export async function step<T>(
  progress: Progress,
  name: string,
  work: (note: Note) => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  let remark = "";
  const report = () => progress(`${name} … ${seconds()}${remark && `, ${remark}`}`);
  const first = setTimeout(report, 2_000);
  const later = setInterval(report, 10_000);
  try {
    const result = await work((text) => {
      remark = text;
    });
    progress(`${name}: done in ${seconds()}`);
    return result;
  } finally {
    clearTimeout(first);
    clearInterval(later);
  }
}
