import path from 'node:path';
import { defineConfig } from 'vite';

/** The hub serves `dist` at `/`; `npx vite apps/console` proxies to a hub that runs. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { alias: { '#schemas': path.resolve(import.meta.dirname, '../../schemas') } },
  logLevel: 'warn',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The charts are a chunk of their own that only the board asks for, after it stands.
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      // antd marks each module 'use client', which means nothing here.
      onLog: (level, log, report) => { if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log); },
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/, priority: 3 },
            { name: 'echarts', test: /node_modules[\\/](echarts|zrender|tslib)[\\/]/, priority: 2 },
            { name: 'antd', test: /node_modules[\\/]/, priority: 1 },
          ],
        },
      },
    },
  },
  server: { port: 5173, proxy: Object.fromEntries(['/login', '/logout', '/session', '/board', '/persons', '/households', '/entries', '/receipts', '/health'].map((p) => [p, 'http://127.0.0.1:8080'])) },
});
