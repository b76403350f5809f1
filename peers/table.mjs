// Formats the table of ratios that the README quotes.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function ratioTable(rows) {
  const lines = ['| network | batch | program | ms | Raycam / program |', '| --- | ---: | --- | ---: | ---: |'];
  for (const { model, batch, name, medianMs, ratio } of rows)
    lines.push(
      `| ${model} | ${batch} | ${name} | ${digits(medianMs)} | ${name === 'raycam' ? '' : ratio.toFixed(2)} |`,
    );
  return lines.join('\n');
}

function digits(ms) {
  return ms >= 100 ? ms.toFixed(0) : ms.toFixed(1);
}
